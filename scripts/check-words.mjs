// Searches the prose of the repository for the phrases that words.yml lists, and prints a replacement for each. Prose is
// Markdown outside code, comments, strings that contain a space, and the summaries and descriptions of alerts.
//
//   node scripts/check-words.mjs [PATH …]    a directory, or a file of any place; by default, the whole repository

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { basename, extname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { markdownTexts, typescriptTexts, yamlTexts } from './prose.mjs';

/** @typedef {import('./prose.mjs').Text} Text */
/** @typedef {{ find: string, write: string, only?: string[] }} Entry */
/** @typedef {{ place: string, phrase: string, write: string, kind: string }} Hit */

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** @type {{ skip: string[], words: Entry[] }} */
const LIST = parse(readFileSync(new URL('words.yml', import.meta.url), 'utf8'));
const WORDS = LIST.words.map(({ find, write, only }) => ({
  pattern: new RegExp(`(?<![\\w-])(?:${find.replaceAll(' ', '\\s+')})(?![\\w-])`, 'gi'),
  write,
  only,
}));

/** @type {Record<string, (source: string, path: string) => Text[]>} */
const READERS = {
  '.md': markdownTexts,
  '.ts': typescriptTexts,
  '.mjs': typescriptTexts,
  '.yml': yamlTexts,
  '.yaml': yamlTexts,
  '.service': yamlTexts,
  '.socket': yamlTexts,
  '.sh': yamlTexts,
  Dockerfile: yamlTexts,
  run: yamlTexts,
};

/**
 * Lists the files to search, with paths relative to the repository.
 *
 * @param {readonly string[]} paths
 */
function filesOf(paths) {
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: PROJECT, encoding: 'utf8' })
    .split('\n')
    .filter((path) => !LIST.skip.some((skipped) => path.startsWith(skipped)));
  const chosen = (paths.length === 0 ? ['.'] : paths).flatMap((path) => {
    const inside = relative(PROJECT, resolve(path));
    return statSync(path).isFile()
      ? [inside]
      : tracked.filter((file) => inside === '' || file.startsWith(`${inside}/`));
  });
  return [...new Set(chosen)].filter((path) => readerOf(path) !== undefined);
}

/** @param {string} path */
function readerOf(path) {
  return READERS[extname(path) || basename(path)];
}

/**
 * @param {string} path relative to the repository
 * @returns {Hit[]} in the order of the text
 */
function search(path) {
  const source = readFileSync(resolve(PROJECT, path), 'utf8');
  return (readerOf(path)?.(source, path) ?? [])
    .flatMap(({ kind, start, text }) =>
      WORDS.filter(({ only }) => only === undefined || only.includes(kind)).flatMap(({ pattern, write }) =>
        Array.from(text.matchAll(pattern), ({ index, 0: phrase }) => ({
          at: start + index,
          phrase: phrase.trim().replaceAll(/\s+/g, ' '),
          write,
          kind,
        })),
      ),
    )
    .sort((a, b) => a.at - b.at)
    .map(({ at, ...hit }) => ({ ...hit, place: `${path}:${source.slice(0, at).split('\n').length}` }));
}

/** @param {readonly string[]} values */
function counts(values) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const value of values) {
    sums.set(value, (sums.get(value) ?? 0) + 1);
  }
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .map(([value, count]) => `${value} ${count}`)
    .join(', ');
}

/** @param {string} place */
function directoryOf(place) {
  return place.split('/').slice(0, -1).slice(0, 2).join('/') || '.';
}

const files = filesOf(process.argv.slice(2));
const hits = files.flatMap(search);
const lines = [
  ...hits.map(({ place, phrase, write }) => `${place}: "${phrase}": write ${write}`),
  `${files.length} files, ${hits.length} phrases to replace`,
];
if (hits.length > 0) {
  lines.push(`by kind of text: ${counts(hits.map(({ kind }) => kind))}`);
  lines.push(`by directory: ${counts(hits.map(({ place }) => directoryOf(place)))}`);
  process.exitCode = 1;
}
process.stdout.write(`${lines.join('\n')}\n`);
