import { LONGEST_TIMER_MS } from '../lib/clock.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../lib/log.ts';
import { LONGEST_LOOKBACK_MS } from '../model/query.ts';
import { KNOWN_CATEGORIES, METRIC_NAMES, MONITOR_METRICS, QUERY_TYPES } from '../model/vocabulary.ts';
import { EXPECTED_POSTGRESQL_URL, parsePostgresqlUrl } from './postgresql-url.ts';
import {
  decimal,
  type Format,
  matching,
  narrowed,
  oneOf,
  oneOrList,
  selection,
  single,
  text,
  wordOf,
} from './reading/formats.ts';
import { formatDuration, isMonitorName, isPathSegment, parseDuration, parseListenAddress } from './reading/texts.ts';
import { PARTITIONS } from './regions.ts';

export const logLevel = oneOf(LOG_LEVELS);

export const logFormat = oneOf(LOG_FORMATS);

export const queryType = oneOf(QUERY_TYPES);

/** A duration from `least` to `most`, and a multiple of `unit`, parsed to milliseconds. */
function durationBetween(least: number, most: number, expected: string, unit = 1): Format<number> {
  return single(expected, (value) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    return ms !== undefined && ms >= least && ms <= most && ms % unit === 0 ? ms : undefined;
  });
}

/** A duration above zero, parsed to milliseconds. */
export const duration = durationBetween(
  1,
  Number.MAX_SAFE_INTEGER,
  'a duration above zero (for example, 30s or 1h30m)',
);

const DAY_MS = 86_400_000;
const timer = durationBetween(
  1,
  LONGEST_TIMER_MS,
  `a duration of at most ${formatDuration(Math.floor(LONGEST_TIMER_MS / DAY_MS) * DAY_MS)}`,
);

/** A duration of a timer, parsed to milliseconds. */
export const timerDuration: Format<number> = {
  ...timer,
  expected: duration.expected,
  mismatches: (value) => [...duration.mismatches(value), ...timer.mismatches(value)].slice(0, 1),
};

/** Interval between heartbeats of a replica, parsed to milliseconds. Three of them must fit a timer. */
export const heartbeat = durationBetween(1_000, 86_400_000, 'a duration from 1s to 1d (for example, 5s)');

function numberWhere(expected: string, accepts: (value: number) => boolean): Format<number> {
  return single(expected, (value) => {
    const number = decimal(value);
    return number !== undefined && accepts(number) ? number : undefined;
  });
}

/** Attempts per second. A lower rate, reduced by throttling, would exceed timers; the times of a second's attempts are in memory. */
export const rate = numberWhere('a number from 0.001 to 100000', (value) => value >= 0.001 && value <= 100_000);

/** A boolean, also from a variable. */
export const switched = single('true or false', (value) =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined,
);

/** Dollars per gigabyte. AWS's highest prices are below one dollar; a price per terabyte or in cents can exceed the bound. */
export const price = numberWhere('a price in dollars: a number from 0 to 100', (value) => value >= 0 && value <= 100);

/** Bytes in a gigabyte, by both definitions. */
export const gigabyte = numberWhere(
  `the bytes in a gigabyte: 1000000000 to ${2 ** 30}`,
  (value) => Number.isInteger(value) && value >= 1_000_000_000 && value <= 2 ** 30,
);

export const positiveInteger = numberWhere(
  'a whole number above zero',
  (value) => Number.isSafeInteger(value) && value > 0,
);

export const listenAddress = text(
  ':PORT, HOST:PORT, or [IPV6]:PORT in quotes, with a port of at most 65535',
  (value) => parseListenAddress(value) !== undefined,
);

/** A path that differs from the exporter's other pages: `/`, `/-/…`, and `/api/…`. */
export const telemetryPath = text(
  'a path (for example, /metrics) of letters, digits, ".", "_", "~", and "-", other than /, /-/…, and /api/…',
  (value) =>
    /^(?:\/[A-Za-z0-9._~-]+)+$/.test(value) && !/\/\.{1,2}(?:\/|$)/.test(value) && !/^\/(?:-|api)(?:\/|$)/.test(value),
);

/** The path of a directory. NUL is the only character that a path cannot contain. */
export const pathName = text('the path of a directory', (value) => /^[^\0]+$/.test(value));

function isHttpUrl(value: string): boolean {
  if (/[\s\\]/.test(value) || !URL.canParse(value)) {
    return false;
  }
  const url = new URL(value);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return /^https?:\/\/[^/]/i.test(value) && plain;
}

const HTTP_URL = 'an http:// or https:// URL without credentials or query';

export const httpUrl = text(HTTP_URL, isHttpUrl);

/** The name of a DynamoDB table, with the limits of its API. */
export const tableName = matching(
  "a table's name",
  /^[A-Za-z0-9_.-]{3,255}$/,
  `3 to 255 characters of A-Z a-z 0-9 _ . -`,
);

export const postgresqlUrl = text(EXPECTED_POSTGRESQL_URL, (value) => parsePostgresqlUrl(value) !== undefined);

/** A URL in which `{region}` is replaced by the called region. */
export const regionalHttpUrl = text(`${HTTP_URL}; it may contain {region}`, (value) => {
  const example = value.replaceAll('{region}', 'us-east-1');
  return !/[{}]/.test(example) && isHttpUrl(example);
});

/** AWS adds regions without notice, so only the form of a name is checked. */
export const region = text('an AWS Region (for example, eu-west-1)', (value) =>
  /^[a-z]{2,}(?:-[a-z]+)+-\d{1,2}$/.test(value),
);

const regions = oneOrList(region);

/** One or more regions. Unlike other selections, all of them need no value. */
export const regionSelection: typeof regions = {
  ...regions,
  mismatches: (value) =>
    value === '*'
      ? [{ expected: `${regions.expected}; omit the key for all Regions of the account` }]
      : regions.mismatches(value),
};

const NAME_CHARACTERS = 'characters of A-Z a-z 0-9 _ . -';

/** The names of entries and accounts. They cannot contain `:`, which separates the parts of a query name. */
export const name = matching('a name', /^[A-Za-z0-9_.-]{1,128}$/, `1 to 128 ${NAME_CHARACTERS}`);

/** The API's limits for a monitor name, without the two names that a URL path cannot contain. */
export const monitorName = narrowed(
  matching("a monitor's name", /^[A-Za-z0-9_.-]{1,255}$/, `1 to 255 ${NAME_CHARACTERS}`),
  'other than . and ..',
  isMonitorName,
);

/** IAM's limits: a path of at most 512 characters, including both slashes, and a name of at most 64. */
const ROLE_ARN = new RegExp(
  `^arn:(?:${PARTITIONS.join('|')}):iam::\\d{12}:role/(?=.{1,575}$)(?:[\\x21-\\x7e]+/)?[\\w+=,.@-]{1,64}$`,
);

export const roleArn = text(
  `the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME, in partition ${PARTITIONS.join(', ')}`,
  (value) => ROLE_ARN.test(value),
);

/** STS's limits for a session name. */
export const roleSessionName = matching(
  "a role session's name",
  /^[\w+=,.@-]{2,64}$/,
  '2 to 64 characters of A-Z a-z 0-9 _ + = , . @ -',
);

/** STS's limits for an external id. */
export const externalId = matching(
  'an external id',
  /^[\w+=,.@:/-]{2,1224}$/,
  '2 to 1224 characters of A-Z a-z 0-9 _ + = , . @ : / -',
);

/** A profile of the shared config files, whose only rule is that the name is on one line. */
export const profile = text(
  'the name of a profile: text on one line',
  (value) => /\S/.test(value) && !/\p{Cc}/u.test(value),
);

/** Ids of queries and scopes. The API has no pattern for them, so any segment of a request path is valid. */
export function id(what: string): Format<string> {
  return narrowed(
    text(`${what}: text that is not empty`, (value) => value !== ''),
    'of at most 1024 characters, none of them a control character, and without "." or ".." between slashes',
    isPathSegment,
  );
}

/** A glob. Only its end is checked. */
export const discoveryFiles = text(
  'a glob that ends in .yaml, .yml, or .json (for example, queries.d/*.yaml)',
  (value) => /^[^\0]*[^\0/]\.(?:ya?ml|json)$/.test(value),
);

export const accountSelection = selection('the name of an account, a list of names, or "*" for all', name);
export const metricSelection = selection(
  `one of ${METRIC_NAMES.join(', ')}, a list of them, or "*" for all of the type`,
  wordOf(METRIC_NAMES),
);

export const monitorMetrics = selection(
  `one of ${MONITOR_METRICS.join(', ')}, a list of them, or "*" for all`,
  wordOf(MONITOR_METRICS),
);

const CATEGORY = 'a destination category (for example, INTER_AZ)';

/** Any category of the API's form, since the service adds categories without notice. */
export const category: Format<string> = {
  ...text(CATEGORY, (value) => /^[A-Z][A-Z0-9_]{0,63}$/.test(value)),
  words: KNOWN_CATEGORIES,
};
export const categorySelection = selection(`${CATEGORY}, a list of them, or "*" for all of the API's model`, category);

/** Most rows of a result, with the limits of the API model. */
export const limit = numberWhere(
  'a whole number from 1 to 500',
  (value) => Number.isInteger(value) && value >= 1 && value <= 500,
);

/** Interval between windows, parsed to milliseconds. */
export const every = durationBetween(60_000, Number.MAX_SAFE_INTEGER, 'a duration of at least 1m (for example, 15m)');

/** Length of a window, parsed to milliseconds. */
export const lookback = durationBetween(
  1,
  LONGEST_LOOKBACK_MS,
  'a duration above zero and at most 1h (for example, 15m)',
);

/** A duration of CloudWatch's one-minute periods, parsed to milliseconds. */
export const minutes = durationBetween(
  60_000,
  LONGEST_LOOKBACK_MS,
  'a duration of whole minutes, from 1m to 1h (for example, 5m)',
  60_000,
);

/** A duration that may be zero, parsed to milliseconds. */
export const durationOrZero = durationBetween(0, Number.MAX_SAFE_INTEGER, 'a duration (for example, 2m or 0s)');

/** A pattern for monitor names, of the characters that these may contain. */
export const monitorGlob = text(
  'a pattern for monitor names (for example, prod-*): characters of A-Z a-z 0-9 _ . - * ?',
  (value) => /^[A-Za-z0-9_.*?-]{1,255}$/.test(value),
);

/** A delay of at most an hour, parsed to milliseconds. */
export const shortDelay = durationBetween(0, LONGEST_LOOKBACK_MS, 'a duration of at most 1h (for example, 2m or 0s)');
