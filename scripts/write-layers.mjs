// Writes what is made from the table in layers.mjs: the lint rules in lint/layers.json, and the table in CONTRIBUTING.md.
//
//   node scripts/write-layers.mjs [--check]    --check: exits with 1 if a file differs from what it should be

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LAYERS, mayImport } from './layers.mjs';

const RULES = new URL('lint/layers.json', import.meta.url);
const CONTRIBUTING = new URL('../CONTRIBUTING.md', import.meta.url);
const TABLE = /(?<=<!-- layers -->\n)[\s\S]*?(?=<!-- \/layers -->)/;

/**
 * A rule for the files that match: they import nothing that matches the patterns.
 *
 * @param {string} includes @param {readonly string[]} group @param {string} message
 */
function restricted(includes, group, message) {
  const options = { patterns: [{ group, message }] };
  return {
    includes: [includes],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

/**
 * The rule for the files of one directory at one depth; `up` leads from them to `src`.
 *
 * @param {string} directory @param {string} includes @param {string} up
 */
function layer(directory, includes, up) {
  const allowed = LAYERS.map((each) => each.directory).filter((other) => mayImport(directory, other));
  const message = `src/${directory} imports only from directories before it: see scripts/layers.mjs.`;
  return restricted(includes, [`${up}**`, ...allowed.map((other) => `!${up}${other}/**`)], message);
}

const rules = {
  overrides: [
    restricted('src/**', ['../**'], 'A directory of src imports from others once it is in scripts/layers.mjs.'),
    ...LAYERS.flatMap(({ directory }) => [
      layer(directory, `src/${directory}/*.ts`, '../'),
      layer(directory, `src/${directory}/*/**`, '../../'),
    ]),
  ],
};
const table = [
  '\n| directory | contents | change here … |',
  '|---|---|---|',
  ...LAYERS.map(({ directory, contents, change }) => `| \`${directory}\` | ${contents} | ${change} |`),
  '\n',
].join('\n');

/** @type {readonly (readonly [URL, string])[]} */
const files = [
  [RULES, `${JSON.stringify(rules, undefined, 2)}\n`],
  [CONTRIBUTING, readFileSync(CONTRIBUTING, 'utf8').replace(TABLE, table)],
];
for (const [file, text] of files) {
  if (process.argv.includes('--check') && readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${fileURLToPath(file)} is not what scripts/layers.mjs says: run npm run layers\n`);
    process.exitCode = 1;
  } else if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  }
}
