/** A registered query as its request's body defines it, less the name. Can be stored as JSON. */
export type Definition = Readonly<Record<string, unknown>>;

/** Something could not be stored; the message says why. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
}

/** Where what is registered over HTTP is kept, by the query's name. */
export interface RegistrationStore {
  /** What cannot be read now, `late` receives once it can. */
  load(late: (definitions: ReadonlyMap<string, Definition>) => void): Promise<ReadonlyMap<string, Definition>>;
  /**
   * Resolves once the definition outlives this process, as far as this store's do.
   *
   * @throws NotStoredError when it does not; nothing has changed then
   */
  put(name: string, definition: Definition): Promise<void>;
  /** @throws NotStoredError as `put` */
  delete(name: string): Promise<void>;
}

/** Without a storage registrations end with the process. */
export const NO_STORE: RegistrationStore = {
  load: async () => new Map(),
  put: async () => undefined,
  delete: async () => undefined,
};
