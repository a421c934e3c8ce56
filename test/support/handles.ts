import type { Registration } from '../../src/model/query.ts';

type Named = { readonly name: string };

/** A handle of a query, as the registry creates it. */
export function handleOf<Query extends Named>(query: Query): Registration<Query> & { removed: boolean } {
  return { name: query.name, query, removed: false };
}

/** The handles of registered queries by name, as in the registry. */
export class Handles<Query extends Named> {
  readonly #handles = new Map<string, ReturnType<typeof handleOf<Query>>>();

  add(query: Query): Registration<Query> {
    const handle = handleOf(query);
    this.#handles.set(query.name, handle);
    return handle;
  }

  /** Calls `use` with the handle of a query, if it is registered. */
  with<Result>(name: string, use: (registration: Registration<Query>) => Result): Result | undefined {
    const handle = this.#handles.get(name);
    return handle && use(handle);
  }

  /** Removes a query, and calls `use` with its handle if it was registered. */
  remove(name: string, use: (registration: Registration<Query>) => void): void {
    const handle = this.#handles.get(name);
    if (handle !== undefined) {
      this.#handles.delete(name);
      handle.removed = true;
      use(handle);
    }
  }
}
