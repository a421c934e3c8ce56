/** A write to the storage or a read from it failed. The message has the reason and what to do. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  readonly path: string;
  /** The system's error code (for example, ENOSPC). */
  readonly code: string;

  constructor(path: string, code: string, reason: string, options?: ErrorOptions) {
    super(`storage ${path}: ${reason}`, options);
    this.path = path;
    this.code = code;
  }
}

/** Another exporter uses the storage, or has taken it over from this one. */
export class StorageInUseError extends StorageError {
  override readonly name = 'StorageInUseError';

  constructor(path: string, host: string | undefined) {
    const who = host === undefined ? 'another exporter uses it' : `another exporter uses it, on host ${host}`;
    super(path, 'EBUSY', `${who}. Stop that exporter, or set another storage.path.`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied. Make the exporter's user the owner of the directory.",
  EDQUOT: 'disk quota exceeded. Free some space, or raise the quota.',
  EFBIG: 'file size limit exceeded. Raise the limit (ulimit -f).',
  EIO: 'input/output error. Check the device and the system log.',
  ELOOP: 'symbolic links form a loop. Remove them, or set storage.path to a directory.',
  ENOENT: 'it cannot be created there. Set storage.path to a directory on a disk.',
  ENOSPC: 'no space left on the device. Free some space, or enlarge the device.',
  ENOTDIR: 'it is not a directory. Set storage.path to a directory, which may be missing.',
  EEXIST: 'it is not a directory. Set storage.path to a directory, which may be missing.',
  EPERM: "operation not permitted. Make the exporter's user the owner of the directory.",
  ENOTCONN: 'the file system does not respond. Mount it again.',
  EXDEV: 'it is on another file system than the rest of the storage. Make it a plain directory.',
  EROFS: 'the file system is read-only. Mount it read-write.',
  ESTALE: 'stale network file system handle. Mount the file system again.',
};

/** Errors of a failing device or file system, as opposed to a path that is misspelled or not permitted. */
const DEVICE_FAILURE =
  /^(EBADMSG|EHOSTDOWN|EHOSTUNREACH|EIO|ENODEV|ENOTCONN|ENXIO|EREMOTEIO|ESTALE|ETIMEDOUT|EUCLEAN)$/;

/** Returns true for a failing device or file system: another configuration would not help. */
export function isDeviceFailure({ code }: StorageError): boolean {
  return DEVICE_FAILURE.test(code);
}

/** Returns true if the error affects all directories: any write that succeeds proves that it is over. */
export function isOfWholeDisk({ code }: StorageError): boolean {
  return code === 'EDQUOT' || code === 'EFBIG' || code === 'ENOSPC' || code === 'EROFS';
}

/**
 * Handler for `catch` that ignores errors of the storage and the file system: returns undefined. Throws any other error,
 * which is a programming error.
 */
export function ignoreRefusal(error: unknown): undefined {
  const code = codeOf(error);
  if (!(error instanceof StorageError) && (code === undefined || /^ERR_(?!FS_)/.test(code))) {
    throw error;
  }
  return undefined;
}

/** Returns a handler for `catch` that ignores errors with some codes: it returns undefined. */
export function ignoring(codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(codeOf(error) ?? '')) {
      throw error;
    }
    return undefined;
  };
}

/** Converts an error of the file system. */
export function storageErrorFrom(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) {
    return cause;
  }
  const code = codeOf(cause) ?? 'UNKNOWN';
  return new StorageError(path, code, REASONS[code] ?? String(cause instanceof Error ? cause.message : cause), {
    cause,
  });
}

/** The code of a system error (for example, ENOENT); undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
