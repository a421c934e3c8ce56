/** Something could not be written to the storage, or not be read from it. The message says why and what to do about it. */
export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  /** The file or folder. */
  readonly path: string;
  /** The system's name of the error, such as ENOSPC. */
  readonly code: string;

  constructor(path: string, code: string, reason: string, options?: ErrorOptions) {
    super(`storage ${path}: ${reason}`, options);
    this.path = path;
    this.code = code;
  }
}

/** Another exporter has the storage: it uses it, or has taken it over from this one. */
export class StorageInUseError extends StorageError {
  override readonly name = 'StorageInUseError';

  /** `host` is undefined where nothing tells who it is. */
  constructor(path: string, host: string | undefined) {
    const who = host === undefined ? 'another exporter uses it' : `another exporter uses it, on host ${host}`;
    super(path, 'EBUSY', `${who}; stop that one, or give each a folder of its own`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'the system does not permit it; let the user that the exporter runs as own the folder',
  EDQUOT: 'the disk quota is used up; free some space, or raise it',
  EFBIG: 'files may not be that large; raise the limit (ulimit -f)',
  EIO: 'the device fails; look into the system log',
  ELOOP: 'symbolic links lead in a circle; remove them, or name a directory',
  ENOENT: 'it cannot be made there; name a folder on a disk',
  ENOSPC: 'no space is left on the device; free some, or enlarge it',
  ENOTDIR: 'it is not a folder; name one, or one that can be made',
  EEXIST: 'it is not a folder; name one, or one that can be made',
  EPERM: 'the system does not permit it; let the user that the exporter runs as own the folder',
  ENOTCONN: 'the file system does not respond; mount it again',
  EXDEV: 'it is on another file system than the rest of the storage; make it a plain directory',
  EROFS: 'the file system is read-only; mount it to be written to',
  ESTALE: 'the network file system does not know it any more; mount it again',
};

/** Errors of a device or file system that fails, as opposed to a path that is misspelled or not permitted. */
const DEVICE_FAILURES: ReadonlySet<string> = new Set([
  'EBADMSG',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EIO',
  'ENODEV',
  'ENOTCONN',
  'ENXIO',
  'EREMOTEIO',
  'ESTALE',
  'ETIMEDOUT',
  'EUCLEAN',
]);

/** Returns true if the device or file system fails, which the user's configuration cannot help. */
export function isDeviceFailure({ code }: StorageError): boolean {
  return DEVICE_FAILURES.has(code);
}

/** Returns true if the error concerns all folders alike: any write that succeeds proves that it is over. */
export function isOfWholeDisk({ code }: StorageError): boolean {
  return code === 'EDQUOT' || code === 'EFBIG' || code === 'ENOSPC' || code === 'EROFS';
}

/**
 * For `catch`, where work may fail and nothing can be done: resolves with undefined for what the storage or the file system
 * refuses. Throws any other error, which is a mistake of ours.
 */
export function ignoreRefusal(error: unknown): undefined {
  const code = codeOf(error);
  if (!(error instanceof StorageError) && (code === undefined || /^ERR_(?!FS_)/.test(code))) {
    throw error;
  }
  return undefined;
}

/** From what a call to the file system threw. */
export function storageErrorFrom(path: string, cause: unknown): StorageError {
  if (cause instanceof StorageError) {
    return cause;
  }
  const code = codeOf(cause) ?? 'UNKNOWN';
  return new StorageError(path, code, REASONS[code] ?? String(cause instanceof Error ? cause.message : cause), {
    cause,
  });
}

/** The system's name of an error, such as ENOENT; undefined for what is none of the system's. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
