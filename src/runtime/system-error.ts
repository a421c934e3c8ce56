import { getSystemErrorMap } from 'node:util';

/** Where the system's own words mislead or leave out what to do. */
const REASONS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
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
