const LONGEST_MESSAGE = 300;

/** The start of the copy of the request in the error response to a wrong signature, which extends to the end. */
const CANONICAL_REQUEST = /The Canonical String for this request should have been[\s\S]*/i;

/**
 * A value after the name of a secret: `Authorization: Bearer x`, `token=x`, `"sessionToken":"x"` (in JSON within JSON,
 * too), `'x-amz-security-token': ['x']`, `<SessionToken>x`.
 */
const NAMED_SECRET = new RegExp(
  [
    /(authorization|signature|credential|password|token|secret[\w-]{0,40})/, // $1, the end of the name
    /(\\*["']?\s{0,4}[:=]?[:=>]\s{0,4})/, // $2, the separator
    /(?:\\*"[^"]*"?|\\*'[^']*'?|\[[^\]]*\]?|(?:Bearer|Basic|AWS4-HMAC-SHA256)\s+[^\s,;&<>"']+|[^\s,;&<>]+)/,
  ]
    .map(({ source }) => source)
    .join(''),
  'gi',
);

/** An option of a command: the message about a failed `credential_process` has its whole command line. */
const SECRET_OPTION = /(--?[\w-]{0,40}?(?:password|secret|token|key)[\w-]{0,40})([ =])\S+/gi;

/** STS quotes malformed values (for example, the external ID of a profile). */
const QUOTED_INPUT = /'[^']*'(?= at '(?:externalId|tags)\b)/g;

const URL_CREDENTIALS = /\/\/[^/\s]+@/g;

/**
 * Prepares a message from outside for the log: one line of limited length, without texts that have the form of a secret.
 * (`withoutEcho` removes the values of secrets that the exporter has sent.)
 */
export function withoutSecrets(message: string): string {
  // Truncated before any match: a message may have megabytes, and some patterns take time in proportion to its square.
  const withoutNamed = message
    .trimStart()
    .slice(0, 4 * LONGEST_MESSAGE)
    .replace(CANONICAL_REQUEST, '')
    .replace(QUOTED_INPUT, "'…'")
    .replace(SECRET_OPTION, '$1$2…')
    .replace(NAMED_SECRET, '$1$2…')
    .replace(URL_CREDENTIALS, '//…@');
  const line = onOneLine(withoutNamed).trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

export function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

/** Removes texts in their plain and URL-encoded forms, the longest first, because one may contain another. */
export function withoutTexts(message: string, texts: readonly string[]): string {
  return texts
    .flatMap((text) => [text, encodeURIComponent(text)])
    .filter((text) => text.length > 1)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, text) => rest.replaceAll(text, '…'), message);
}
