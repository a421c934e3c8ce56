/** Color and shape of each tone of a condition. */
const TONES = Object.entries({ bad: '✕', warn: '▲', busy: '◐', good: '✓', idle: '○' }).map(
  ([tone, shape]) => `.${tone} { color: var(--${tone}); background: var(--${tone}-bg); }
.${tone}::before { content: "${shape}"; content: "${shape}" / ""; }
`,
);
const HEATS = [1, 2, 3, 4].map(
  (i) => `.heat${i} { background: color-mix(in srgb, var(--heat) ${i * 12}%, var(--card)); }\n`,
);

/**
 * The style sheet of the status page. Colors follow the reader's scheme, with a contrast of at least 4.5 to 1 in both; every
 * state also has a text and a shape. Below 960 px, each row of the table becomes a card, its cells named by `data-label`.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #e1e5ea; --edge: #838d9a; --text: #1a2230; --soft: #5a6676; --link: #0b5cad;
  --bad: #b42318; --bad-bg: #fdeceb; --warn: #8a5200; --warn-bg: #fdf2dc; --busy: #1552b5; --busy-bg: #e8f0fd;
  --good: #12693c; --good-bg: #e3f5ea; --idle: #4d5867; --idle-bg: #edf0f3; --heat: #e8862c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #181e26; --line: #2b3441; --edge: #77849a; --text: #e6eaf0; --soft: #9ba8b8; --link: #7db8ff;
    --bad: #ff9c92; --bad-bg: #43201e; --warn: #f5c26b; --warn-bg: #3b2d12; --busy: #94bfff; --busy-bg: #1a2d4c;
    --good: #7ddba3; --good-bg: #15351f; --idle: #aeb9c7; --idle-bg: #262e39; --heat: #9a4a10;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; }
main { padding-bottom: 40px; }
h1 { margin: 0; font-size: 24px; line-height: 1.25; letter-spacing: -.01em; }
.version { margin-left: 6px; color: var(--soft); font-size: 15px; font-weight: 400; letter-spacing: 0; white-space: nowrap; }
h2 { margin: 32px 0 10px; font-size: 17px; overflow-wrap: anywhere; }
h3 { margin: 28px 0 4px; font-size: 16px; overflow-wrap: anywhere; }
h3 small { display: inline; font-weight: 400; }
h4 { display: inline; margin: 0; font-size: 15px; }
p { margin: 4px 0; color: var(--soft); }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; top: -100px; left: 24px; padding: 6px 12px; background: var(--card); }
.skip:focus { top: 8px; z-index: 1; }
.buttons, .counts { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0 0; padding: 0; list-style: none; }
.buttons a, .buttons span { display: block; padding: 5px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); text-decoration: none; }
.buttons a:hover, .buttons a[aria-current] { border-color: var(--link); }
.buttons span { color: var(--soft); }
.counts { margin: 0 0 14px; }
.counts a { display: block; border-radius: 999px; text-decoration: none; }
.counts a:hover .badge { text-decoration: underline; }
.counts a[aria-current] .badge { outline: 2px solid currentcolor; }
#live:not(:empty) { margin-left: 6px; white-space: nowrap; }
#live::before { content: "● "; color: var(--good); }
#live.off::before { content: "○ "; color: var(--warn); }
#live:empty::before { content: none; }
form { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin: 0 0 10px; }
input, select, button { padding: 6px 10px; border: 1px solid var(--edge); border-radius: 8px; background: var(--card); color: var(--text); font: inherit; }
input { flex: 1 1 160px; min-width: 0; max-width: 460px; text-overflow: ellipsis; }
.field { display: flex; align-items: center; gap: 8px; white-space: nowrap; }
.field:first-of-type { flex: 0 1 480px; }
input::placeholder { color: var(--soft); opacity: 1; }
button { cursor: pointer; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.badge::before { display: inline-block; min-width: 1.1em; }
${TONES.join('')}summary { padding: 6px 0; cursor: pointer; }
summary small { display: inline; margin-left: 8px; }
.table, .card { overflow-x: auto; margin: 0 0 12px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
table { width: 100%; border-collapse: collapse; text-align: left; }
.queries { table-layout: fixed; }
.queries thead .middle { width: 16%; }
.problem td { padding-top: 0; border-top: 0; }
.health { margin-top: 16px; }
.health h2 { display: inline; }
.health summary { white-space: nowrap; }
.targets td { overflow-wrap: anywhere; }
.targets tbody th, .targets td:nth-of-type(1), .targets td:nth-of-type(3), #networks td:nth-of-type(2) { white-space: nowrap; }
.few { max-width: 640px; }
th, td { padding: 9px 14px; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; }
thead th { border-top: 0; color: var(--soft); font-size: 13px; font-weight: 600; white-space: nowrap; }
tbody th { overflow-wrap: anywhere; }
tbody th a { font-weight: 600; text-decoration: none; }
tbody th a:hover { text-decoration: underline; }
.subject th { padding-top: 12px; color: var(--soft); font-size: 13px; font-weight: 600; }
.subject + tr > * { border-top: 0; }
td .badge + small { margin-top: 4px; }
td[data-label] { overflow-wrap: break-word; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.none { color: var(--soft); }
.message { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 4; }
.hint { margin-top: 4px; color: var(--text); }
.hint::before { content: "→ "; content: "→ " / ""; }
.error, td.error { overflow-wrap: anywhere; }
.error span small { display: inline; margin-left: 6px; }
.error time { white-space: nowrap; }
.time { white-space: nowrap; }
small { display: block; color: var(--soft); font-size: 13px; }
.time small { font-variant-numeric: tabular-nums; }
.runs { display: block; width: 140px; max-width: 100%; height: 18px; border-radius: 3px; background: var(--idle-bg); }
.runs rect { y: 1px; width: 5px; height: 16px; rx: 1px; }
.runs .ok { fill: var(--good); }
.runs .no { y: 1.75px; height: 14.5px; fill: var(--bad-bg); stroke: var(--bad); stroke-width: 1.5px; }
.runs .gap { y: 13px; height: 4px; fill: var(--idle); }
.bar { display: block; width: 100%; max-width: 120px; height: 5px; margin: 3px 0 0 auto; transform: scaleX(-1); }
.bar rect { fill: var(--busy); }
.flows { table-layout: fixed; font-size: 14px; line-height: 1.35; }
.flows th, .flows td { padding: 3px 14px; }
.flows thead .number { width: 170px; }
.flows summary { display: flex; padding: 0; list-style: none; }
.flows summary::-webkit-details-marker { display: none; }
.flows summary::before { flex: none; width: 14px; color: var(--soft); content: "▸"; content: "▸" / ""; }
.flows [open] > summary::before { content: "▾"; content: "▾" / ""; }
.ends { display: grid; flex: 1; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 18px; }
.end + .end { position: relative; }
.end + .end::before { position: absolute; left: -16px; color: var(--soft); content: "→"; content: "→" / ""; }
.end b { font-weight: 500; }
.end small { display: block; overflow: hidden; min-height: 1.35em; margin: 0; font-size: 12.5px; text-overflow: ellipsis; white-space: nowrap; }
.state { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; margin: 0 0 6px; }
.state.error { display: block; }
.from { margin-left: 14px; font-size: 12.5px; }
.from a { font-weight: 400; text-decoration: underline; }
.promql { margin: 2px 0 6px; overflow-wrap: anywhere; font-size: 13px; }
.flows .promql { margin-left: 14px; }
caption { padding: 8px 14px 2px; font-weight: 600; text-align: left; }
.matrices { display: flex; flex-wrap: wrap; gap: 0 12px; }
.matrices > .table { max-width: 100%; }
.matrix { width: auto; font-size: 14px; }
.matrix th, .matrix td { padding: 5px 9px; border: 1px solid var(--line); text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.matrix td a { color: var(--text); }
.matrix thead td { white-space: normal; }
${HEATS.join('')}dl.fields { margin: 6px 0 6px 14px; padding: 0; font-size: 13px; }
dl.fields > div { padding: 1px 0; grid-template-columns: 170px minmax(0, 1fr); }
.copy { display: none; }
.scripted .copy { display: inline-block; padding: 1px 8px; font-size: 13px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); padding: 6px 0; }
.back { margin-top: 20px; }
dl > div { display: grid; grid-template-columns: 170px minmax(0, 1fr); padding: 5px 14px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.empty { padding: 24px 16px; text-align: center; }
@media (max-width: 960px) {
  header, main { padding-left: 14px; padding-right: 14px; }
  .queries th, .queries td { padding-left: 10px; padding-right: 6px; }
  .queries thead .middle { width: 88px; }
  .queries thead .middle:nth-of-type(2) { width: 126px; }
  .queries thead .middle:nth-of-type(4) { width: 132px; }
  .queries .runs { width: 116px; }
  .queries .time small { display: none; }
  .targets, .targets tbody, .targets tr, .targets tbody th, .targets td { display: block; }
  .targets thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .targets tr { display: flex; flex-wrap: wrap; gap: 0 14px; padding: 6px 10px; border-top: 1px solid var(--line); }
  .targets tr:first-child { border-top: 0; }
  .targets tbody th, .targets td { min-width: 0; padding: 1px 0; border: 0; font-size: 14px; }
  .targets tbody th { font-weight: 600; }
  .targets td::before { margin-right: 6px; content: attr(data-label); color: var(--soft); font-size: 13px; }
  .targets tbody td:nth-of-type(3) { white-space: normal; }
  .targets td:nth-of-type(1)::before { content: none; }
  .targets .message { -webkit-line-clamp: 2; }
  dl > div { grid-template-columns: 110px minmax(0, 1fr); }
  .flows th, .flows td { padding-left: 8px; padding-right: 8px; }
}
@media (max-width: 640px) {
  .matrix { font-size: 12px; }
  .matrix th, .matrix td { padding: 4px; font-size: inherit; }
  .matrix thead td { max-width: 56px; }
  .matrix small { font-size: 11px; line-height: 1.2; }
  .matrix caption { padding-left: 8px; }
  header { padding-top: 12px; }
  header .buttons { gap: 4px 12px; margin-top: 6px; }
  header .buttons a { padding: 0; border: 0; background: none; }
  h1 { font-size: 18px; }
  .version { font-size: 13px; }
  .tagline { display: none; }
  header p { display: inline; }
  #live:not(:empty) { margin-left: 0; font-size: 13px; }
  h2, h3 { margin-top: 14px; }
  .health { margin-top: 6px; }
  .health h2 { font-size: 15px; }
  form { gap: 6px; }
  .field:first-of-type { flex: 1 1 100%; }
  #found { font-size: 13px; }
  .counts { gap: 4px; margin-bottom: 8px; }
  .queries, .queries tbody, .queries tr, .queries tbody th, .queries td { display: block; width: auto; }
  .queries thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .queries tr { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0; padding: 5px 10px; border-top: 1px solid var(--line); }
  .queries tbody th, .queries td { min-width: 0; padding: 0; border: 0; }
  .queries tbody th { grid-area: 1 / 1 / 2 / 4; line-height: 1.4; }
  .queries tbody th a { display: inline-block; max-width: calc(100% - 110px); font-size: 14px; }
  .queries .badge { padding: 0 7px; font-size: 12px; }
  /* Two lines below the badge: nothing may be beside them. */
  .queries tr:has(.badge + small) th { grid-area: 1 / 1 / 2 / 3; }
  .queries tr:has(.badge + small) th a { max-width: none; }
  .queries .subject { padding-bottom: 2px; }
  .queries .subject th, .problem td { grid-column: 1 / -1; }
  .queries .subject + tr, .queries .problem { padding-top: 0; border-top: 0; }
  .queries .time { padding-right: 8px; font-size: 12px; }
  .queries .time::before { content: attr(data-label) " "; color: var(--soft); }
  .queries td:has(> .none) { display: none; }
  .queries td:nth-of-type(1) { grid-area: 1 / 3; justify-self: end; }
  .queries td:nth-of-type(2) { grid-area: 2 / 1; }
  .queries td:nth-of-type(3) { grid-area: 2 / 3; justify-self: end; }
  .queries td:nth-of-type(4) { grid-area: 2 / 2; }
  .queries .problem td:nth-of-type(1) { grid-area: 1 / 1 / 2 / 4; justify-self: start; }
  .queries .runs { width: 56px; height: 14px; }
  .flows thead .number { width: 88px; }
  .flows thead th { padding: 0; font-size: 0; }
  .ends { grid-template-columns: minmax(0, 1fr); }
  .end + .end::before { left: -14px; }
  .end small:empty { min-height: 0; }
  dl.fields > div { grid-template-columns: 100px minmax(0, 1fr); }
}
`;
