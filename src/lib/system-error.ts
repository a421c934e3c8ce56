import { getSystemErrorMap } from 'node:util';

/** Where the system's own words mislead or leave out what to do. */
const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files; raise the limit (ulimit -n, or LimitNOFILE= in the systemd unit)',
};

/** Why an operation failed, in words without the system's code, operation, and path: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code = '', errno = 0 }: NodeJS.ErrnoException = error;
  return REASONS[code] ?? getSystemErrorMap().get(errno)?.[1] ?? error.message;
}

/** What is wrong with a file that cannot be read: `cannot read nope.yml: no such file or directory`. */
export function describeUnreadable(file: string, reason: string): string {
  return `cannot read ${file}: ${reason}`;
}

/** Returns the result of `work`; undefined if the machine refused it. Throws all other errors. */
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

/** Connections that end are not among these: what does not expect them is at fault itself. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  ...['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'EEXIST', 'EBUSY'],
  ...['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EIO', 'EBADF', 'ESTALE'],
  ...['EADDRINUSE', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'],
]);

/**
 * What the machine that the process runs on refused, in a line: `open /etc/x: permission denied`. Undefined for errors that
 * are none of the machine's.
 */
export function describeRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const {
    code = '',
    syscall,
    path,
    address,
    port,
  }: NodeJS.ErrnoException & { address?: string; port?: number } = error;
  if (!OF_THE_MACHINE.has(code) || syscall === undefined) {
    return undefined;
  }
  if (syscall === 'uv_cwd') {
    return `the working directory cannot be used: ${reasonOf(error)}`;
  }
  const what = path ?? (address === undefined ? undefined : [address, port].join(' '));
  return `${[syscall, what].filter((part) => part !== undefined).join(' ')}: ${reasonOf(error)}`;
}
