/** Network causes of failed calls to AWS, including calls for credentials. */
export type NetworkCause = 'dns' | 'proxy' | 'closed' | 'refused' | 'hopLimit';

/** In order of precedence: the cause of a proxy name that cannot be resolved is DNS. */
const CAUSES: readonly (readonly [NetworkCause, RegExp])[] = [
  ['hopLimit', /HttpPutResponseHopLimit/],
  ['dns', /DNS lookup failed|\bgetaddrinfo\b|\bENOTFOUND\b|\bEAI_AGAIN\b/],
  ['proxy', /\bproxy \S{1,300} \(https?_proxy\)/i],
  ['closed', /\bECONNRESET\b|\bEPIPE\b|socket hang up|\bsocket disconnected\b/],
  ['refused', /\bECONNREFUSED\b/],
];

/** The cause in an error message; undefined if there is none, or if AWS has responded. */
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
