import { describe, expect, test } from 'vitest';
import { decisions, decisionsDocument, readDecision } from './decisions-document.ts';

const NAME = '012-words.md';
const HEAD = '# 12. Title\n\n- Date: 2026-11-29\n- Status: accepted\n\n## Context\n';

test('docs/decisions/README.md lists the decisions with their status and date', async () => {
  await expect(decisionsDocument()).toMatchFileSnapshot('../../docs/decisions/README.md');
});

test('numbers decisions consecutively from 1', () => {
  const numbers = decisions().map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

test('supersedes decisions by others that exist', () => {
  const numbers = new Set(decisions().map(({ number }) => number));
  const successors = decisions().flatMap(({ status }) => /\d+/.exec(status) ?? []);
  expect(successors.filter((successor) => !numbers.has(Number(successor)))).toEqual([]);
});

describe('a decision', () => {
  test('has a number, a title, a date, and a status', () => {
    const decision = { file: NAME, number: 12, title: 'Title', date: '2026-11-29' };
    expect(readDecision(NAME, HEAD)).toEqual({ ...decision, status: 'accepted' });
    const superseded = HEAD.replace('accepted', 'superseded by 013');
    expect(readDecision(NAME, superseded)).toEqual({ ...decision, status: 'superseded by 013' });
  });

  test.each([
    ['no date', NAME, HEAD.replace(/- Date.*\n/, '')],
    ['a date that is not in the calendar', NAME, HEAD.replace('11-29', '11-31')],
    ['no status', NAME, HEAD.replace(/- Status.*\n/, '')],
    ['a status that is not defined', NAME, HEAD.replace('accepted', 'perhaps')],
    ['no title', NAME, HEAD.replace('Title', '')],
    ['the number of another file', '013-words.md', HEAD],
    ['a file name without a number', 'words.md', HEAD],
  ])('is refused if it has %s', (_, file, text) => {
    expect(() => readDecision(file, text)).toThrow(`${file}: `);
  });
});
