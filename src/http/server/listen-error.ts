/** An address the exporter was told to listen on and cannot. The message says why and what to do about it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** As it was given. */
  readonly address: string;

  constructor(address: string, reason: string, options?: ErrorOptions) {
    super(`cannot listen on ${address}: ${reason}`, options);
    this.address = address;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EACCES: 'the system does not permit it; choose a port above 1023',
  EADDRNOTAVAIL: 'no interface of this machine has that address; choose one that it has, or :PORT for all',
  EAFNOSUPPORT: 'this machine has no such address family; choose an IPv4 address, or :PORT for all',
  EBADF: 'it is not open; systemd passes those of the socket unit',
  EINVAL: 'it is not a listening socket; use ListenStream= with a port in the socket unit',
  ENOTSOCK: 'it is not a socket; use ListenStream= with a port in the socket unit',
  ENOTFOUND: 'the host name does not resolve; choose an address of this machine, or :PORT for all',
  EAI_AGAIN: 'the host name could not be resolved; choose an address of this machine, or :PORT for all',
};

/** From the error of a server that could not open its socket. */
export function listenErrorFrom(address: string, cause: NodeJS.ErrnoException): ListenError {
  return new ListenError(address, REASONS[cause.code ?? ''] ?? cause.message, { cause });
}
