import { analyse } from 'scslre';
import { describe, expect, test } from 'vitest';
import { describeFailure } from '../../src/aws/errors.ts';
import { readMonitors, readScopes } from '../../src/aws/lists.ts';
import { parseNoProxy } from '../../src/aws/network/no-proxy.ts';
import { readProxyRoutes } from '../../src/aws/network/proxy-routes.ts';
import { withoutSecrets } from '../../src/aws/redaction.ts';
import { httpUrl, id, profile, roleArn } from '../../src/config/formats.ts';
import { didYouMean } from '../../src/config/reading/nearest.ts';
import { quote } from '../../src/config/reading/nodes.ts';
import { PlainEntries } from '../../src/config/reading/plain-entries.ts';
import { substitute } from '../../src/config/reading/reading.ts';
import { parseDuration } from '../../src/config/reading/texts.ts';
import { readPreconditions } from '../../src/http/api/registration-endpoints.ts';
import { readPageRequest } from '../../src/http/page/page-request.ts';
import { parseAcceptHeader } from '../../src/http/scrape/exposition-negotiation.ts';
import { crossSiteRefusal } from '../../src/http/security/mutating.ts';
import { parseBasicCredentials } from '../../src/http/security/password-checks.ts';
import { splitTarget } from '../../src/http/server/respond.ts';
import { createLogger } from '../../src/lib/log.ts';
import { labelPart } from '../../src/metrics/text.ts';
import { fitsPattern } from '../../src/queries/following.ts';
import { areMet } from '../../src/registry/registration.ts';
import { exportedLabelValue } from '../../src/results/label-value.ts';
import { shapesFor, type Worst, worstOf } from './linear-time.ts';
import { readSourcePatterns } from './source-patterns.ts';

/** In scans of the text. A reader in linear time stays below at 1 MB, one in quadratic time is far beyond at 16 KB. */
const BOUND = 300;

const { literals, constructed } = readSourcePatterns();

/** Patterns that see only what was cut before, with the reader in `READERS` that cuts. */
const CUT_BEFORE: Readonly<Record<string, keyof typeof READERS>> = {
  // parts of one pattern
  '(authorization|signature|credential|password|token|secret[\\w-]{0,40})': 'withoutSecrets',
  '(\\\\*["\']?\\s{0,4}[:=]?[:=>]\\s{0,4})': 'withoutSecrets',
  '(?:\\\\*"[^"]*"?|\\\\*\'[^\']*\'?|\\[[^\\]]*\\]?|(?:Bearer|Basic|AWS4-HMAC-SHA256)\\s+[^\\s,;&<>"\']+|[^\\s,;&<>]+)':
    'withoutSecrets',
};

/** Files that construct a pattern, with the reader that uses it. */
const CONSTRUCTED: Readonly<Record<string, keyof typeof READERS>> = {
  'src/aws/redaction.ts': 'withoutSecrets',
  'src/config/formats.ts': 'roleArn',
  'src/config/reading/plain-entries.ts': 'plainEntries',
  'src/config/reading/texts.ts': 'parseDuration',
};

const log = createLogger({ level: 'debug', format: 'logfmt', clock: { now: () => 0 }, write: () => undefined });

/** What reads texts of AWS, proxies, files, the environment and clients, each with a sample of what it looks for. */
const READERS = {
  withoutSecrets: [withoutSecrets, `--secret-key token: "Bearer x" \\"password=[ //a@ 'x' at 'externalId'`],
  describeFailure: [
    (text) => describeFailure({ name: text, message: text, code: text, $metadata: { httpStatusCode: 400 } }, ['s:e/c']),
    'Deserialization error: to see the raw response ECONNRESET s:e/c',
  ],
  readMonitors: [
    (text) => readMonitors({ monitors: [{ monitorName: text, monitorArn: `arn:${text}`, monitorStatus: text }] }),
    'arn:aws/%2f/../',
  ],
  readScopes: [(text) => readScopes({ scopes: [{ scopeId: text, status: text }] }), '%2f/../'],
  labelPart: [(text) => labelPart([['a', exportedLabelValue(text)]]), '\ud800"\\\n'],
  // Each character is written as six, twice.
  log: [(text) => log.info(text, { reason: text }), '\u2028"\\ \u202e', 10 * BOUND],
  fitsPattern: [(text) => fitsPattern(text.slice(0, 255), text), '*a*a*?'],
  // Each entry is an object of some size, even one of a single character. Linux takes no variable of more than 128 KiB.
  parseNoProxy: [
    (text) => parseNoProxy(text.slice(0, 128 * 1024))('host.example', 443),
    '*.a.example, 10.0.0.0/8 [::1]:80',
    10 * BOUND,
  ],
  readProxyRoutes: [(text) => endOf(() => readProxyRoutes({ HTTPS_PROXY: text })), 'http://a:b@[::1]:80'],
  parseDuration: [parseDuration, '1d2h3m4s5ms'],
  roleArn: [(text) => roleArn.mismatches(text), 'arn:aws:iam::111122223333:role/a/b'],
  profile: [(text) => profile.mismatches(text), 'a b'],
  httpUrl: [(text) => httpUrl.mismatches(text), 'https://a:b@c/{region}?x#y'],
  id: [(text) => id('an id').mismatches(text), '%2f/../'],
  plainEntries: [
    (text) => endOf(() => [...new PlainEntries([`- name: ${text}`], 0).items()]),
    `a:b [a, b] "c" 'd' {x} $(y) é: `,
  ],
  quote: [quote, 'https://a:b@c/\u2028'],
  didYouMean: [(text) => didYouMean(text, ['interval', 'staleAfter']), 'stale-after'],
  substitute: [(text) => substitute(text, { A: 'a' }), `$\${ \${A} \${B:-x}`],
  parseAcceptHeader: [parseAcceptHeader, 'text/plain;version="0.0\\"4";q=0.5, *\t,'],
  parseBasicCredentials: [parseBasicCredentials, 'Basic YTpi== '],
  preconditions: [
    (text) => endOf(() => areMet(readPreconditions({ 'if-match': text, 'if-none-match': text }), '"a"')),
    'W/"a", "b"\t,*',
  ],
  crossSiteRefusal: [(text) => crossSiteRefusal({ origin: text, host: text }, undefined), 'https://a:1'],
  splitTarget: [splitTarget, 'http://a/b?c=%2F&d'],
  readPageRequest: [(text) => readPageRequest(`/?search=${text}&status=${text}&page=${text}`), '/?search=a&page=1'],
} satisfies Readonly<Record<string, readonly [read: (text: string) => unknown, sample: string, bound?: number]>>;

describe('a pattern', () => {
  const seen = literals.filter(({ source }) => !Object.hasOwn(CUT_BEFORE, source));

  test.each([
    ['\\s*Deserialization error[\\s\\S]*', ''],
    ['(:assumed-role\\/[^/]+)\\/.*$', ''],
    ['\\/\\/.*@', 's'],
    ['^[^/]*:[^/]*@', ''],
    ['^[^\\p{Cc}]*[^\\p{Cc}\\s][^\\p{Cc}]*$', 'u'],
    ['\\/+$', ''],
  ])('in quadratic time, %s, is detected', (source, flags) => {
    expect(worstOfPattern(source, flags).scans).toBeGreaterThan(BOUND);
  });

  test.each(seen)('runs in linear time: $file /$source/$flags', ({ source, flags }) => {
    expect(analyse(new RegExp(source, flags)).reports.map(({ type }) => type)).toEqual([]);
    expect(worstOfPattern(source, flags)).toMatchObject({ scans: below(BOUND) });
  });

  test('is applied to truncated text, or constructed, only in reviewed places', () => {
    const cut = literals.filter((each) => !seen.includes(each)).map(({ source }) => source);
    expect(cut.sort()).toEqual(Object.keys(CUT_BEFORE).sort());
    expect(constructed).toEqual(Object.keys(CONSTRUCTED));
    const readers = Object.keys(READERS);
    expect(readers).toEqual(expect.arrayContaining(Object.values({ ...CUT_BEFORE, ...CONSTRUCTED })));
  });
});

test.each(Object.entries(READERS))(
  '%s takes time in proportion to the text',
  (_name, [read, sample, bound = BOUND]) => {
    expect(worstOf(read, shapesFor(sample), bound)).toMatchObject({ scans: below(bound) });
  },
);

function below(bound: number): unknown {
  return expect.toSatisfy((scans: number) => scans < bound, `below ${bound}`);
}

function worstOfPattern(source: string, flags: string): Worst {
  const pattern = new RegExp(source, flags);
  return worstOf((text) => text.replace(pattern, ''), shapesFor(source), BOUND);
}

/** Runs a reader to its end, which may be an error: only the time is of interest. */
function endOf(read: () => unknown): void {
  try {
    read();
  } catch {}
}
