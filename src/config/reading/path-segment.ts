/** In UTF-16 units. Ids are UUIDs; what is longer than this is none. */
const LONGEST_ID = 1_024;
/** The API's own limit for the ARN of a resource. */
const LONGEST_ARN = 2_048;
/** Longer request lines are refused by what stands before the service. */
const LONGEST_TOKEN = 8_192;

/** C0, DEL, C1, and surrogates without their other half, which UTF-8 cannot hold: texts that differ in them alone would be one. */
const UNREQUESTABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * Whether a text can be sent as one segment of a request's path: it is not empty, holds nothing that UTF-8 or a path cannot,
 * and no `.` or `..` between its slashes. Clients and proxies resolve those, percent-encoded or not, and the request
 * would be one of another path.
 */
export function isPathSegment(text: string): boolean {
  return text !== '' && text.length <= LONGEST_ID && isPlain(text);
}

/** Whether a text can be sent as an ARN in a request's path. */
export function isRequestableArn(text: string): boolean {
  return text.startsWith('arn:') && text.length <= LONGEST_ARN && isPlain(text);
}

/** Whether a text can be sent as a token in a request's query. */
export function isRequestableToken(text: string): boolean {
  return text.length <= LONGEST_TOKEN && !/\p{Cs}/u.test(text);
}

/** The names of monitors that the API allows, but for those that a path cannot hold. */
export function isMonitorName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,255}$/.test(text) && !hasDotSegment(text);
}

function isPlain(text: string): boolean {
  return !UNREQUESTABLE.test(text) && !hasDotSegment(text);
}

function hasDotSegment(text: string): boolean {
  return text.split(/[/\\]|%2f|%5c/i).some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
}
