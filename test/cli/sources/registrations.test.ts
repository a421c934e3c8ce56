import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { RegisteredQuery } from '../../../src/model/query.ts';
import { WHOLE } from '../../../src/model/shard.ts';
import { loadConfig } from '../../../src/queries/load.ts';
import { NO_CHANGES } from '../../../src/registry/query-changes.ts';
import { type Definition, NotStoredError, type RegistrationStore } from '../../../src/registry/registration.ts';
import { type HttpQueries, HttpRegistrations } from '../../../src/registry/registrations.ts';
import { queryView } from '../../http/fixtures.ts';
import { RecordingLog } from '../../support/recording-log.ts';

const DEFINITION = { monitorName: 'checkout', queryId: 'q-1' };

/** A disk that takes its time, and may be full. */
class SlowStore implements RegistrationStore {
  readonly stored = new Map<string, Definition>();
  full = false;
  /** Called when something begins to be written. */
  onWrite: () => void = () => undefined;

  async load() {
    return new Map(this.stored);
  }

  async changed() {
    return undefined;
  }

  put(name: string, definition: Definition | undefined): Promise<void> {
    return this.#write(() => (definition === undefined ? this.stored.delete(name) : this.stored.set(name, definition)));
  }

  async #write(write: () => void): Promise<void> {
    this.onWrite();
    await turn();
    await turn();
    if (this.full) {
      throw new NotStoredError('no space is left on the device');
    }
    write();
  }
}

async function start(store: SlowStore) {
  const read = { file: 'none.json', env: {}, fallbackRegion: async () => 'us-east-1' };
  const { context } = await loadConfig('{}', read);
  const registered = new Map<string, RegisteredQuery>();
  const configured = new Set<string>();
  const queries: HttpQueries = {
    holderOf: (name) => (configured.has(name) ? 'config' : registered.get(name)?.source),
    setHttp(changes) {
      for (const [name, query] of changes) {
        registered.delete(name);
        if (query !== undefined) {
          registered.set(name, query);
        }
      }
      return NO_CHANGES;
    },
  };
  const view = (name: string) => (registered.has(name) ? queryView({ name, source: 'http' }) : undefined);
  const registrations = new HttpRegistrations({
    queries,
    context: () => context,
    view,
    store,
    shard: WHOLE,
    log: new RecordingLog(),
  });
  await registrations.load();
  return {
    registrations,
    configured,
    queryIds: () => [...registered.values()].map((query) => 'queryId' in query && query.queryId),
  };
}

test('serializes writes of one name, and keeps the last one', async () => {
  const store = new SlowStore();
  const { registrations, queryIds } = await start(store);
  const first = ['a', 'b', 'c'].map((queryId) =>
    registrations.put('mine', { ...DEFINITION, queryId }, { ifNoneMatch: '*' }),
  );
  expect((await Promise.all(first)).map(({ outcome }) => outcome)).toEqual([
    'created',
    'precondition failed',
    'precondition failed',
  ]);
  const all = await Promise.all([
    registrations.put('mine', { ...DEFINITION, queryId: 'd' }, {}),
    registrations.remove('mine', {}),
    registrations.remove('mine', {}),
    registrations.put('mine', { ...DEFINITION, queryId: 'e' }, {}),
    registrations.put('mine', { ...DEFINITION, queryId: 'e' }, {}),
    registrations.put('mine', { ...DEFINITION, queryId: 'f' }, {}),
  ]);
  expect(all.map(({ outcome }) => outcome)).toEqual([
    'replaced',
    'removed',
    'unknown',
    'created',
    'unchanged',
    'replaced',
  ]);
  expect(queryIds()).toEqual(['f']);
  expect([...store.stored.values()]).toEqual([{ ...DEFINITION, queryId: 'f' }]);
});

test('changes nothing if storing fails', async () => {
  const store = new SlowStore();
  const { registrations, queryIds } = await start(store);
  await registrations.put('mine', DEFINITION, {});
  const etag = registrations.etag('mine');
  store.full = true;
  const refusal = { outcome: 'not stored', reason: 'no space is left on the device' };
  expect(await registrations.put('mine', { ...DEFINITION, queryId: 'q-2' }, {})).toEqual(refusal);
  expect(await registrations.put('other', DEFINITION, {})).toEqual(refusal);
  expect(await registrations.remove('mine', {})).toEqual(refusal);
  expect(await registrations.expire('mine')).toBe(false);
  expect(registrations.etag('mine')).toBe(etag);
  expect(queryIds()).toEqual(['q-1']);
  // There is nothing to store.
  expect(await registrations.put('mine', DEFINITION, {})).toMatchObject({ outcome: 'unchanged' });
  store.full = false;
  expect(await registrations.remove('mine', {})).toEqual({ outcome: 'removed' });
  expect(store.stored.size).toBe(0);
});

test('reports no success if the configuration takes the name while the definition is being stored', async () => {
  const store = new SlowStore();
  const { registrations, configured } = await start(store);
  store.onWrite = () => configured.add('mine');
  expect(await registrations.put('mine', DEFINITION, {})).toEqual({ outcome: 'interrupted' });
  configured.clear();
  expect(await registrations.put('mine', DEFINITION, {})).toMatchObject({ outcome: 'unchanged' });
});

test('registers stored definitions after a restart', async () => {
  const store = new SlowStore();
  const before = await start(store);
  await before.registrations.put('mine', { name: 'mine', ...DEFINITION }, {});
  const after = await start(store);
  expect(after.queryIds()).toEqual(['q-1']);
  expect(after.registrations.etag('mine')).toBe(before.registrations.etag('mine'));
});

test('returns the tag of a definition for any order of its keys', async () => {
  const { registrations } = await start(new SlowStore());
  const tagOf = async (definition: Definition) => {
    const answer = await registrations.put('mine', definition, {});
    return 'etag' in answer ? answer.etag : answer.outcome;
  };
  const labels = { a: '1', b: '2' };
  const tag = await tagOf({ ...DEFINITION, labels });
  expect(await tagOf({ labels: { b: '2', a: '1' }, queryId: 'q-1', name: 'mine', monitorName: 'checkout' })).toBe(tag);
  expect(await tagOf({ ...DEFINITION, labels: { a: '2', b: '1' } })).not.toBe(tag);
  expect(await tagOf(DEFINITION)).not.toBe(tag);
});
