import { getSystemErrorMap } from 'node:util';

/** Replacements for misleading or incomplete messages of the system. */
const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files; raise the limit (ulimit -n, or LimitNOFILE= in the systemd unit)',
};

/** Returns the reason of a failed operation, without code, operation, and path: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code = '', errno = 0 }: NodeJS.ErrnoException = error;
  return REASONS[code] ?? getSystemErrorMap().get(errno)?.[1] ?? error.message;
}

/** Describes an unreadable file: `cannot read nope.yml: no such file or directory`. */
export function describeUnreadable(file: string, reason: string): string {
  return `cannot read ${file}: ${reason}`;
}

/** Returns the result of `work`, or undefined after an error of the machine. Throws other errors. */
export function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (describeRefusal(error) === undefined) {
      throw error;
    }
    return undefined;
  }
}

/** Codes of errors of the machine. Closed connections are not included: not handling them is an internal error. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'EEXIST',
  'EBUSY',
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'EIO',
  'EBADF',
  'ESTALE',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
]);

/**
 * Describes an error of the machine in one line: `open /etc/x: permission denied`. Returns undefined for other errors.
 */
export function describeRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code = '', syscall, path }: NodeJS.ErrnoException = error;
  const { address, port }: { readonly address?: unknown; readonly port?: unknown } = Object(error);
  if (!OF_THE_MACHINE.has(code) || syscall === undefined) {
    return undefined;
  }
  if (syscall === 'uv_cwd') {
    return `cannot use the working directory: ${reasonOf(error)}`;
  }
  const what = path ?? (address === undefined ? undefined : [address, port].join(' '));
  return `${[syscall, what].filter((part) => part !== undefined).join(' ')}: ${reasonOf(error)}`;
}
