/** What on the way to AWS made a call fail, credentials' calls included. */
export type NetworkCause = 'dns' | 'proxy' | 'closed' | 'refused' | 'hopLimit';

/** In order of precedence: a proxy whose name cannot be resolved is a matter of DNS. */
const CAUSES: readonly (readonly [NetworkCause, RegExp])[] = [
  ['hopLimit', /HttpPutResponseHopLimit/],
  ['dns', /DNS lookup failed|\bgetaddrinfo\b|\bENOTFOUND\b|\bEAI_AGAIN\b/],
  ['proxy', /\bproxy \S{1,300} \(https?_proxy\)/i],
  ['closed', /\bECONNRESET\b|\bEPIPE\b|socket hang up|\bsocket disconnected\b/],
  ['refused', /\bECONNREFUSED\b/],
];

/** The cause that an error's message names; undefined if it names none, or AWS itself has answered. */
export function networkCauseOf({
  error,
  message,
}: {
  readonly error: string;
  readonly message: string;
}): NetworkCause | undefined {
  return ['CredentialsError', 'NetworkError', 'TimeoutError'].includes(error)
    ? CAUSES.find(([, pattern]) => pattern.test(message.slice(0, 2_000)))?.[0]
    : undefined;
}
