import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';

/** The files that Git would publish. */
const FILES = run('git', ['ls-files', '-co', '--exclude-standard']).stdout.trim().split('\n');
const DOCUMENTS = FILES.filter((file) => file.endsWith('.md') && !file.startsWith('test/'));

/** Returns the text without code blocks, which may contain what looks like a link or a heading. */
function prose(file: string): string {
  return readFileSync(PROJECT + file, 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```/gm, '');
}

/** Returns the anchors of a document's headings, in the form of GitHub. */
function anchorsOf(file: string): string[] {
  return Array.from(prose(file).matchAll(/^#+ (.*)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Returns what is wrong with a link of a document; undefined if its target exists. */
function faultOf(document: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : posix.join(posix.dirname(document), path);
  if (!FILES.some((file) => file === target || file.startsWith(`${target.replace(/\/$/, '')}/`))) {
    return `${document}: ${link} does not exist`;
  }
  return anchor === undefined || anchorsOf(target).includes(anchor) ? undefined : `${document}: no heading #${anchor}`;
}

test('documents link only to files and headings that exist', () => {
  const links = DOCUMENTS.flatMap((document) =>
    Array.from(prose(document).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g), ([, link = '']) => ({ document, link })),
  );
  expect(links.length).toBeGreaterThan(100);
  expect(links.flatMap(({ document, link }) => faultOf(document, link) ?? [])).toEqual([]);
});

test('the index of the documentation links to every page', () => {
  const index = prose('docs/README.md');
  const pages = DOCUMENTS.filter((file) => /^docs\/[^/]+\.md$/.test(file) && file !== 'docs/README.md');
  expect(pages.filter((page) => !index.includes(`(${page.slice('docs/'.length)})`))).toEqual([]);
});
