import { createHash } from 'node:crypto';

/**
 * The landing page's style sheet. Colours follow the reader's scheme; every state is also told in words. Below 960 px
 * each row of the table becomes a card, its cells named by `data-label`.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #e1e5ea; --text: #1a2230; --soft: #5a6676; --link: #0b5cad;
  --bad: #b42318; --bad-bg: #fdeceb; --warn: #8a5200; --warn-bg: #fdf2dc; --busy: #1552b5; --busy-bg: #e8f0fd;
  --good: #12693c; --good-bg: #e3f5ea; --idle: #4d5867; --idle-bg: #edf0f3;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141a; --card: #181e26; --line: #2b3441; --text: #e6eaf0; --soft: #9ba8b8; --link: #7db8ff;
    --bad: #ff9c92; --bad-bg: #43201e; --warn: #f5c26b; --warn-bg: #3b2d12; --busy: #94bfff; --busy-bg: #1a2d4c;
    --good: #7ddba3; --good-bg: #15351f; --idle: #aeb9c7; --idle-bg: #262e39;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; }
h1 { margin: 0; font-size: 24px; line-height: 1.25; letter-spacing: -.01em; }
.version { margin-left: 6px; color: var(--soft); font-size: 15px; font-weight: 400; letter-spacing: 0; white-space: nowrap; }
h2 { margin: 32px 0 10px; font-size: 17px; }
p { margin: 4px 0; color: var(--soft); }
a { color: var(--link); }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
nav ul, .counts { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0 0; padding: 0; list-style: none; }
nav a { display: block; padding: 5px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); text-decoration: none; }
nav a:hover { border-color: var(--link); }
.counts { margin: 0 0 14px; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.bad { color: var(--bad); background: var(--bad-bg); }
.warn { color: var(--warn); background: var(--warn-bg); }
.busy { color: var(--busy); background: var(--busy-bg); }
.good { color: var(--good); background: var(--good-bg); }
.idle { color: var(--idle); background: var(--idle-bg); }
.table { overflow-x: auto; margin: 0 0 40px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
table { width: 100%; border-collapse: collapse; text-align: left; }
caption { padding: 12px 14px 4px; color: var(--soft); font-size: 14px; text-align: left; }
th, td { padding: 9px 14px; border-top: 1px solid var(--line); vertical-align: top; font-weight: 400; }
thead th { border-top: 0; color: var(--soft); font-size: 13px; font-weight: 600; white-space: nowrap; }
tbody th { width: 32%; overflow-wrap: anywhere; }
tbody th a { font-weight: 600; text-decoration: none; }
tbody th a:hover { text-decoration: underline; }
td .badge + small { margin-top: 4px; }
.none { color: var(--soft); }
.message { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 4; }
.error { width: 25%; overflow-wrap: anywhere; }
.time { white-space: nowrap; }
small { display: block; color: var(--soft); font-size: 13px; }
.time small { font-variant-numeric: tabular-nums; }
.empty { padding: 24px 16px; text-align: center; }
@media (max-width: 960px) {
  header, main { padding-left: 14px; padding-right: 14px; }
  table, caption, tbody, tr, tbody th, td { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { padding: 12px 14px; border-top: 1px solid var(--line); }
  tbody th, td { padding: 0; border: 0; }
  td { display: grid; grid-template-columns: 104px minmax(0, 1fr); margin-top: 6px; }
  td.error { width: auto; }
  td:has(> .none) { display: none; }
  td::before { content: attr(data-label); color: var(--soft); font-size: 13px; }
  td > * { grid-column: 2; justify-self: start; }
  td::before { grid-row: 1 / span 3; }
}
`;

/** What a Content-Security-Policy needs in `style-src` to let exactly this style sheet in. */
export const STYLE_CSP_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
