// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that config files use
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLongYaml } from '../../src/config/reading/long-yaml.ts';
import { parseYaml } from '../../src/config/reading/yaml.ts';
import { propertyRuns } from '../support/property-runs.ts';

const LIMIT_MS = propertyRuns(60_000);

/** Parts of files: some files are in plain form, some are not, and some are not valid YAML. */
const VALUES = [
  'checkout',
  'us-east-1',
  '30s',
  '1e5',
  '0x1f',
  '.5',
  '-',
  '~',
  'null',
  'True',
  '007',
  '100',
  '12:30',
  'a b',
  'a  b',
  'arn:aws:iam::123456789012:role/x',
  'a: b',
  'a:',
  'a #b',
  'a#b',
  '#',
  '"a # b"',
  '"a"',
  "'a'",
  "'it''s'",
  '"a\\n"',
  '"a',
  "'",
  '[a, b]',
  '[]',
  '[a,b]',
  '[ a ]',
  '[a',
  '[a, [b]]',
  '{a: b}',
  '*x',
  '&x a',
  '!!str 1',
  '|',
  '>-',
  '${X}',
  '${X:-a b}',
  '$',
  '@a',
  '`a',
  '%a',
  'é',
  '\u2028',
  'a\tb',
  'a ',
  '',
  '2026-01-01',
  '+1',
  '(a)',
  'a}',
  '{a',
  ', a',
  '? a',
  '- a',
  '.inf',
  '-.INF',
  '.nan',
  '1_000',
  '0o17',
  '1.',
  '=',
  '<<',
  'yes',
  'a\r',
  '"',
  '" "',
  "''",
  '123456789012345678',
] as const;
const KEYS = ['name', 'queryId', 'monitorName', 'labels', 'null', '<<', '"q"', 'a b', '1', 'name'] as const;
const value = fc.constantFrom(...VALUES);
/** Mostly in plain form. */
const plainValue = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      'checkout',
      'a b',
      '30s',
      'a:b',
      '100',
      '"a # b"',
      'a #b',
      '[a, b]',
      '${X}',
      "'a'",
      'a-1.b',
      'é',
    ),
  },
  { weight: 1, arbitrary: value },
);
const key = fc.constantFrom(...KEYS);
const indentation = fc.constantFrom('', '  ', '  ', '  ', '    ', '      ', ' ', '\t');
const line = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(indentation, key, value).map(([i, k, v]) => `    ${i.slice(2)}${k}: ${v}`) },
  { weight: 6, arbitrary: fc.tuple(key, value).map(([k, v]) => `    ${k}: ${v}`) },
  { weight: 8, arbitrary: fc.tuple(key, value).map(([k, v]) => `  - ${k}: ${v}`) },
  { weight: 2, arbitrary: fc.tuple(indentation, key).map(([i, k]) => `  ${i}${k}:`) },
  { weight: 2, arbitrary: fc.tuple(indentation, value).map(([i, v]) => `    ${i}- ${v}`) },
  { weight: 1, arbitrary: fc.tuple(indentation, value).map(([i, v]) => `${i}${v}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '   ', '# a', '      # b', '---', '...', '%YAML 1.1', 'polling:', '- name: a'),
  },
);
const plainEntry = fc.oneof(
  fc.tuple(fc.nat(9), plainValue).map(([n, v]) => `  - name: q-${n}\n    queryId: ${v}`),
  fc.tuple(fc.nat(9), plainValue).map(([n, v]) => `  - name: q-${n}\n    labels:\n      team: ${v}\n    limit: ${n}`),
  fc.tuple(plainValue, plainValue).map(([a, b]) => `  - name: q\n    region:\n      - ${a}\n      - ${b}`),
  fc.tuple(plainValue, plainValue).map(([a, b]) => `  - name: q\n    region:\n    - ${a}\n    scopeId: ${b}`),
  fc
    .tuple(plainValue)
    .map(([a]) => `  - name: q\n    schedule:\n        every: ${a}\n\n        # a\n        delay: 1m`),
  fc.constantFrom('  # a comment', '', '# another', '      # deeper', '  -', '  - ', '  - a', '    a: b', '   - a: b'),
);
const body = fc
  .oneof(
    { weight: 1, arbitrary: fc.array(line, { maxLength: 8 }) },
    { weight: 3, arbitrary: fc.array(plainEntry, { maxLength: 4 }) },
  )
  .map((all) => all.join('\n'));
const head = fc.constantFrom(
  '',
  '',
  '',
  '',
  'a: b\n',
  'a: b\n',
  'aws:\n  region: us-east-1\n',
  '---\n',
  '%YAML 1.1\n---\n',
  'a: "\n',
  'a: |\n',
  '# a\n',
  'queries: []\n',
  'x: &x\n  a: 1\n',
  'a: b\n c\n',
  'a: [\n',
);
const tail = fc.constantFrom(
  '',
  '',
  '\n',
  '\na: b\n',
  '\n# a\n\na: b',
  '\n',
  '\npolling:\n  interval: 30s\n',
  '\n---\na: b\n',
  '\n...\n',
  '\n  a: b\n',
  '\nqueries: 1\n',
  '\nx: *x\n',
  '\n# end',
);

/** Compares the result with that of the library. */
async function compare(text: string, listKey: string | undefined): Promise<void> {
  const options = { file: 'f.yml', rootPath: listKey === undefined ? 'f.yml' : '', ...(listKey && { listKey }) };
  const { problems, root } = parseYaml(text, 'f.yml', { rootPath: options.rootPath });
  const parsed = await parseLongYaml(text, options, 0);
  expect({ text, problems: parsed.problems }).toEqual({ text, problems });
  expect({ text, root: parsed.root }).toEqual({ text, root });
}

const json = fc.jsonValue({ maxDepth: 4 });

describe('parseLongYaml', () => {
  it(
    'reads a list under a key with the same result as the library',
    async () => {
      const text = fc.tuple(head, body, tail).map(([before, list, after]) => `${before}queries:\n${list}${after}`);
      await fc.assert(
        fc.asyncProperty(text, (each) => compare(each, 'queries')),
        { numRuns: propertyRuns(750) },
      );
    },
    LIMIT_MS,
  );

  it(
    'reads a file that is a list with the same result as the library',
    async () => {
      const text = fc.tuple(body, tail).map(([list, after]) => `${list.replaceAll(/^ {2}/gm, '')}${after}`);
      await fc.assert(
        fc.asyncProperty(text, (each) => compare(each, undefined)),
        { numRuns: propertyRuns(500) },
      );
    },
    LIMIT_MS,
  );

  it(
    'reads JSON in one line or in many with the same result as the library',
    async () => {
      const text = fc
        .tuple(json, fc.constantFrom(undefined, 1, 2, '\t'), fc.constantFrom('', '\n', ' ', '}', '# a'))
        .map(
          ([parsed, space, after]) =>
            JSON.stringify({ queries: [parsed, { name: parsed }], a: parsed }, null, space) + after,
        );
      await fc.assert(
        fc.asyncProperty(text, (each) => compare(each, 'queries')),
        { numRuns: propertyRuns(400) },
      );
    },
    LIMIT_MS,
  );

  it(
    'reads JSON with a character inserted or removed with the same result as the library',
    async () => {
      const text = JSON.stringify({ queries: [{ name: 'a\\"\n', limit: 1.5, x: [null, true, -1, {}] }] }, null, 1);
      const change = fc.record({
        at: fc.nat(text.length),
        drop: fc.nat(2),
        insert: fc.constantFrom('', ',', '"', ':', '}', ' ', '\n', '\t', '#', '0', '\\u00e9'),
      });
      await fc.assert(
        fc.asyncProperty(change, ({ at, drop, insert }) =>
          compare(text.slice(0, at) + insert + text.slice(at + drop), 'queries'),
        ),
        { numRuns: propertyRuns(400) },
      );
    },
    LIMIT_MS,
  );
});
