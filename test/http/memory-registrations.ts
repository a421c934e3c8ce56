import { createHash } from 'node:crypto';
import { areMet } from '../../src/registry/registration.ts';
import type { Registrations } from '../../src/registry/registrations.ts';
import { queryView } from './fixtures.ts';

/** Definitions by name, all of them good, kept in memory. */
export function memoryRegistrations(): Registrations & { readonly definitions: ReadonlyMap<string, unknown> } {
  const definitions = new Map<string, unknown>();
  const etag = (name: string) => {
    const definition = definitions.get(name);
    return definition === undefined ? undefined : createHash('sha1').update(JSON.stringify(definition)).digest('hex');
  };
  return {
    definitions,
    etag,
    async put(name, definition, preconditions) {
      const before = etag(name);
      if (!areMet(preconditions, before)) {
        return { outcome: 'precondition failed' };
      }
      definitions.set(name, definition);
      const after = etag(name) ?? '';
      const outcome = before === undefined ? 'created' : before === after ? 'unchanged' : 'replaced';
      return { outcome, etag: after, query: queryView({ name, source: 'http' }) };
    },
    async remove(name, preconditions) {
      if (!definitions.has(name)) {
        return { outcome: 'unknown' };
      }
      if (!areMet(preconditions, etag(name))) {
        return { outcome: 'precondition failed' };
      }
      definitions.delete(name);
      return { outcome: 'removed' };
    },
  };
}
