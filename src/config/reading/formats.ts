import { LONGEST_TIMER_MS } from '../../lib/clock.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '../../lib/log.ts';
import { QUERY_TYPES, type QueryType } from '../../model/vocabulary.ts';
import { PARTITIONS } from '../partition.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { parseListenAddress } from './listen-address.ts';
import { nearestFirst } from './nearest.ts';
import { isMonitorName, isPathSegment } from './path-segment.ts';

/**
 * What a key takes, stricter than convict's own formats: those read `"12abc"` as 12. Values come as YAML gives them,
 * with environment variables replaced: a number may be a text, since `${RPS}` gives one.
 */
export interface Format<T> {
  /** As an error says it: `a duration such as 30s`. */
  readonly expected: string;
  /** What a misspelt text may have meant; empty where texts of this format are no words of a list. */
  readonly words: readonly string[];
  /** All that does not fit; empty for a value of this format. */
  mismatches(value: unknown): readonly Mismatch[];
  /** The value as the program uses it. Throws a TypeError for a value that has mismatches. */
  parse(value: unknown): T;
}

export interface Mismatch {
  /** The element of a list that it is about. */
  readonly index?: number;
  readonly expected: string;
}

/** A format of single values: `convert` answers undefined for what it does not take. */
export function single<T extends NonNullable<unknown>>(
  expected: string,
  convert: (value: unknown) => T | undefined,
): Format<T> {
  return {
    expected,
    words: [],
    mismatches: (value) => (convert(value) === undefined ? [{ expected }] : []),
    parse(value) {
      const converted = convert(value);
      if (converted === undefined) {
        throw new TypeError(`Not ${expected}`);
      }
      return converted;
    },
  };
}

/** A format of texts. */
export function text(expected: string, accepts: (value: string) => boolean): Format<string> {
  return single(expected, (value) => (typeof value === 'string' && accepts(value) ? value : undefined));
}

/** One of a few words. */
export function oneOf<T extends string>(choices: readonly T[]): Format<T> {
  return single(`one of ${choices.join(', ')}`, (value) => choices.find((choice) => choice === value));
}

/** So many words are read at a glance. */
const SHORT_LIST = 8;

/** As {@link oneOf}, with a hint at what a misspelled word may have meant, which a long list begins with. */
export function wordOf<T extends string>(choices: readonly T[]): Format<T> {
  const format = oneOf(choices);
  return {
    ...format,
    words: choices,
    mismatches(value) {
      const listed = typeof value === 'string' && choices.length > SHORT_LIST ? nearestFirst(value, choices) : choices;
      return format.mismatches(value).map(() => ({ expected: `one of ${listed.join(', ')}` }));
    },
  };
}

/** A key that may be left out. */
export function optional<T>(format: Format<T>): Format<T | undefined> {
  return {
    expected: format.expected,
    words: format.words,
    mismatches: (value) => (value === undefined ? [] : format.mismatches(value)),
    parse: (value) => (value === undefined ? undefined : format.parse(value)),
  };
}

/** A list of at least one element, none of them twice. */
export function listOf<T>(element: Format<T>): Format<readonly T[]> {
  const expected = `a list, each element ${element.expected}`;
  return {
    expected,
    words: element.words,
    mismatches(value) {
      if (!Array.isArray(value) || value.length === 0) {
        return [{ expected: `a list of at least one element, each ${element.expected}` }];
      }
      const seen = new Set<unknown>();
      return value.flatMap((item: unknown, index): Mismatch[] => {
        const [mismatch] = element.mismatches(item);
        const expected = mismatch?.expected ?? (seen.has(item) ? 'each element once' : undefined);
        seen.add(item);
        return expected === undefined ? [] : [{ index, expected }];
      });
    },
    parse(value) {
      if (!Array.isArray(value)) {
        throw new TypeError(`Not ${expected}`);
      }
      return value.map((item: unknown) => element.parse(item));
    },
  };
}

/** One value, or several as a list; what was given stays visible, since it decides on query names. */
export interface OneOrList<T> {
  readonly values: readonly T[];
  readonly listed: boolean;
}

export function oneOrList<T>(element: Format<T>): Format<OneOrList<T>> {
  const list = listOf(element);
  return {
    expected: `${element.expected}, or a list of them`,
    words: element.words,
    mismatches(value) {
      if (Array.isArray(value)) {
        return list.mismatches(value);
      }
      return element.mismatches(value).map(({ expected }) => ({ expected: `${expected}, or a list of them` }));
    },
    parse: (value) =>
      Array.isArray(value)
        ? { values: list.parse(value), listed: true }
        : { values: [element.parse(value)], listed: false },
  };
}

/** One value, several as a list, or all that there are, which the file gives as `"*"`. */
export type Selection<T> = OneOrList<T> | 'all';

/** @param expected as an error says it of all that is neither `"*"` nor a list */
export function selection<T>(expected: string, element: Format<T>): Format<Selection<T>> {
  const some = oneOrList(element);
  return {
    expected,
    words: element.words,
    mismatches(value) {
      if (value === '*') {
        return [];
      }
      const found = some.mismatches(value);
      return Array.isArray(value) ? found : found.map(() => ({ expected }));
    },
    parse: (value) => (value === '*' ? 'all' : some.parse(value)),
  };
}

export const logLevel: Format<LogLevel> = oneOf(LOG_LEVELS);

export const logFormat: Format<LogFormat> = oneOf(LOG_FORMATS);

export const queryType: Format<QueryType> = oneOf(QUERY_TYPES);

/** Milliseconds of a duration above zero; undefined for anything else. */
export function positiveDuration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms === 0 ? undefined : ms;
}

/** A duration above zero; in milliseconds once parsed. */
export const duration: Format<number> = single('a duration above zero, such as 30s or 1h30m', positiveDuration);

/** A duration that a timer runs for; in milliseconds once parsed. */
export const timerDuration: Format<number> = {
  ...duration,
  mismatches(value) {
    const ms = positiveDuration(value);
    return ms !== undefined && ms > LONGEST_TIMER_MS
      ? [
          {
            expected: `a duration of at most ${formatDuration(Math.floor(LONGEST_TIMER_MS / 86_400_000) * 86_400_000)}`,
          },
        ]
      : duration.mismatches(value);
  },
};

/** A number, also one in a text, as variables give it; undefined for anything else. */
export function decimal(value: unknown): number | undefined {
  if (typeof value === 'string') {
    return /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined;
  }
  return typeof value === 'number' ? value : undefined;
}

export const positiveNumber: Format<number> = single('a number above zero', (value) => {
  const number = decimal(value);
  return number !== undefined && Number.isFinite(number) && number > 0 ? number : undefined;
});

export const positiveInteger: Format<number> = single('a whole number above zero', (value) => {
  const number = decimal(value);
  return Number.isSafeInteger(number) && number !== undefined && number > 0 ? number : undefined;
});

export const listenAddress: Format<string> = text(
  ':PORT, HOST:PORT or [IPV6]:PORT in quotes',
  (value) => parseListenAddress(value) !== undefined,
);

/** A path that no other page of the exporter has: those are `/`, `/-/…` and `/api/…`. */
export const telemetryPath: Format<string> = text(
  'a path such as /metrics, of letters, digits, ".", "_", "~" and "-", other than /, /-/… and /api/…',
  (value) =>
    /^(?:\/[A-Za-z0-9._~-]+)+$/.test(value) && !/\/\.{1,2}(?:\/|$)/.test(value) && !/^\/(?:-|api)(?:\/|$)/.test(value),
);

/** A file's or folder's name; a NUL is the one character that none can have. */
export const pathName: Format<string> = text('the name of a folder', (value) => /^[^\0]+$/.test(value));

function isHttpUrl(value: string): boolean {
  if (/[\s\\]/.test(value) || !URL.canParse(value)) {
    return false;
  }
  const url = new URL(value);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return /^https?:\/\/[^/]/i.test(value) && plain;
}

const HTTP_URL = 'an http:// or https:// URL without credentials or query';

export const httpUrl: Format<string> = text(HTTP_URL, isHttpUrl);

/** A URL in which `{region}` stands for the region that is called. */
export const regionalHttpUrl: Format<string> = text(`${HTTP_URL}; it may hold {region}`, (value) => {
  const example = value.replaceAll('{region}', 'us-east-1');
  return !/[{}]/.test(example) && isHttpUrl(example);
});

/** Regions come into being without notice, so that their form is all that can be held against a name. */
export const region: Format<string> = text('an AWS region such as eu-west-1', (value) =>
  /^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/.test(value),
);

function matching(what: string, pattern: RegExp, allowed: string): Format<string> {
  return text(`${what}: ${allowed}`, (value) => pattern.test(value));
}

const NAME_CHARACTERS = 'characters of A-Z a-z 0-9 _ . -';

/** The names of entries and accounts. They hold no `:`, which separates the parts of a query's name. */
export const name: Format<string> = matching('a name', /^[A-Za-z0-9_.-]{1,128}$/, `1 to 128 ${NAME_CHARACTERS}`);

/** The API's own limits for a monitor's name, without the two that a path cannot hold. */
export const monitorName: Format<string> = narrowed(
  matching("a monitor's name", /^[A-Za-z0-9_.-]{1,255}$/, `1 to 255 ${NAME_CHARACTERS}`),
  'other than . and ..',
  isMonitorName,
);

/** IAM's own limits: a path of at most 512 characters, both of its slashes included, and a name of at most 64. */
const ROLE_ARN = new RegExp(
  `^arn:(?:${PARTITIONS.join('|')}):iam::\\d{12}:role/(?=.{1,575}$)(?:[\\x21-\\x7e]+/)?[\\w+=,.@-]{1,64}$`,
);

export const roleArn: Format<string> = text(
  `the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME, of partition ${PARTITIONS.join(', ')}`,
  (value) => ROLE_ARN.test(value),
);

/** STS's own limits for a session's name. */
export const roleSessionName: Format<string> = matching(
  "a role session's name",
  /^[\w+=,.@-]{2,64}$/,
  '2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -',
);

/** STS's own limits for an external id. */
export const externalId: Format<string> = matching(
  'an external id',
  /^[\w+=,.@:/-]{2,1224}$/,
  '2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -',
);

/** Of the shared config files, which set no rule but that it is on one line. */
export const profile: Format<string> = text(
  'the name of a profile: text on one line',
  (value) => /\S/.test(value) && !/\p{Cc}/u.test(value),
);

/** Ids of queries and scopes, for which the API gives no pattern: whatever can be a segment of a request's path. */
export function id(what: string): Format<string> {
  return narrowed(
    text(`${what}: text that is not empty`, (value) => value !== ''),
    'of at most 1024 characters, none of them a control character, and without "." or ".." between slashes',
    isPathSegment,
  );
}

/** A format that takes less than another, and says the more only of what that one takes. */
function narrowed(format: Format<string>, more: string, accepts: (value: string) => boolean): Format<string> {
  const expected = `${format.expected}, ${more}`;
  const strict = text(expected, accepts);
  return {
    ...format,
    mismatches(value) {
      const [mismatch] = format.mismatches(value);
      return mismatch === undefined ? strict.mismatches(value) : [mismatch];
    },
    parse: (value) => strict.parse(value),
  };
}

/** A glob, of which no characters but the end are fixed. */
export const discoveryFiles: Format<string> = text(
  'a glob such as queries.d/*.yaml, ending in .yaml, .yml or .json',
  (value) => /^[^\0]*[^\0/]\.(?:ya?ml|json)$/.test(value),
);

export const accountSelection: Format<Selection<string>> = selection(
  'the name of an account, a list of names, or "*" for all',
  name,
);
