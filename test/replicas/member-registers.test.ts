import { describe, expect, it } from 'vitest';
import { EngineClock } from '../../src/replicas/engine-clock.ts';
import { EngineRegisters } from '../../src/replicas/engine-registers.ts';
import { IdInUseError, OwnRegister } from '../../src/replicas/own-register.ts';
import { replicaRegistrations } from '../../src/replicas/replica-registrations.ts';
import { readCounted, readRun } from '../../src/replicas/values.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryEngine } from '../support/memory-engine.ts';

/** An engine with the registers of any number of processes. */
function sharedEngine() {
  const clock = new FakeClock();
  const engine = new MemoryEngine(() => clock.now());
  const registersOf = (boot: string) =>
    new EngineRegisters({ engine, clock, boot, timeout: 1_000, ended: () => undefined });
  return { clock, engine, registersOf };
}

describe('the register of a member', () => {
  function setUp() {
    const { clock, registersOf } = sharedEngine();
    const memberOf = (boot: string) =>
      new OwnRegister({
        registers: registersOf(boot),
        group: 'g',
        identity: () => ({ id: 'host', boot, url: undefined, version: '1', config: 'c' }),
        now: () => clock.now(),
      });
    return { clock, memberOf };
  }

  it('is written at once if no process has the id', async () => {
    const member = setUp().memberOf('a');
    await member.beat();
    expect(member.hasJoined).toBe(true);
  });

  it('is not written while another process with the id is alive, which ends this one', async () => {
    const { memberOf } = setUp();
    const [first, second] = [memberOf('a'), memberOf('b')];
    await first.beat();
    await second.beat();
    expect(second.hasJoined).toBe(false);
    await first.beat();
    await expect(second.beat()).rejects.toThrow(IdInUseError);
  });

  it('is taken over from a process that has not moved, which then must exit', async () => {
    const { clock, memberOf } = setUp();
    const [first, second] = [memberOf('a'), memberOf('b')];
    await first.beat();
    for (let beat = 0; beat < 3; beat += 1) {
      await clock.advance(5_000);
      await second.beat();
    }
    expect(second.hasJoined).toBe(true);
    await expect(first.beat()).rejects.toThrow('id host is in use by another process of group g');
  });

  it('is taken over at once from a process that has shut down', async () => {
    const { memberOf } = setUp();
    const [first, second] = [memberOf('a'), memberOf('b')];
    await first.beat();
    await first.release();
    await second.beat();
    expect(second.hasJoined).toBe(true);
  });
});

describe('registrations in registers', () => {
  /** Stores of processes, of which all believe to lead until one of them does. */
  function setUp() {
    const shared = sharedEngine();
    const refused: string[] = [];
    let leader: string | undefined;
    const storeOf = (boot: string) =>
      replicaRegistrations({
        registers: shared.registersOf(boot),
        group: 'g',
        now: () => shared.clock.now(),
        leads: async () => leader === undefined || leader === boot,
        refused: ({ message }) => refused.push(message),
      });
    const setLeader = (boot: string) => {
      leader = boot;
    };
    return { ...shared, storeOf, setLeader, refused };
  }

  it('keeps a query that another replica has registered when this one removes it after its retention', async () => {
    const { storeOf } = setUp();
    const [first, second] = [storeOf('a'), storeOf('b')];
    await first.put('checkout', { queryId: '1' });
    await second.load();
    await second.put('checkout', { queryId: '2' });
    await expect(first.put('checkout', undefined)).rejects.toMatchObject({ outcome: 'changed' });
    expect(await second.load()).toEqual(new Map([['checkout', { queryId: '2' }]]));
    expect(await first.changed('checkout')).toEqual({ definition: { queryId: '2' } });
    expect(await first.changed('checkout')).toBeUndefined();
    await first.put('checkout', undefined);
    expect(await second.changed('checkout')).toEqual({ definition: undefined });
  });

  it('registers a removed query again', async () => {
    const store = setUp().storeOf('a');
    await store.put('checkout', { queryId: '1' });
    await store.put('checkout', undefined);
    expect(await store.load()).toEqual(new Map());
    await store.put('checkout', { queryId: '2' });
    expect(await store.load()).toEqual(new Map([['checkout', { queryId: '2' }]]));
  });

  it('confirms nothing after another replica has taken the lead, which has its writes', async () => {
    const { storeOf, setLeader } = setUp();
    const [first, second] = [storeOf('a'), storeOf('b')];
    await first.put('checkout', { queryId: '1' });
    setLeader('b');
    expect(await second.load()).toEqual(new Map([['checkout', { queryId: '1' }]]));
    await expect(first.put('search', { queryId: '2' })).rejects.toMatchObject({ outcome: 'interrupted' });
    await expect(first.changed('checkout')).rejects.toMatchObject({ outcome: 'interrupted' });
    setLeader('a');
    // It does not know its own write, which was not confirmed.
    expect(await first.changed('search')).toEqual({ definition: { queryId: '2' } });
  });

  it('knows what is written while it reads all', async () => {
    const { engine, storeOf } = setUp();
    const store = storeOf('a');
    await store.put('removed', { queryId: '1' });
    const page = engine.page.bind(engine);
    engine.page = async (...of) => {
      const read = await page(...of);
      await store.put('added', { queryId: '2' });
      await store.put('removed', undefined);
      return read;
    };
    expect(await store.load()).toEqual(new Map([['added', { queryId: '2' }]]));
  });

  it('ignores registers that no exporter has written, until a query of the name is registered', async () => {
    const { engine, refused, storeOf } = setUp();
    const store = storeOf('a');
    await engine.put({ key: { partition: 'g/registrations', name: 'x' }, value: '[', version: 'v' });
    expect(await store.load()).toEqual(new Map());
    expect(refused).toEqual(['register g/registrations x: definition is missing']);
    await expect(store.put('x', {})).rejects.toMatchObject({ outcome: 'changed' });
    expect(await store.changed('x')).toEqual({ definition: undefined });
    await store.put('x', { queryId: '1' });
    expect(await store.load()).toEqual(new Map([['x', { queryId: '1' }]]));
  });
});

describe("the engine's clock", () => {
  it('is independent of the local wall clock, and uses the call with the shortest round trip', () => {
    const local = new FakeClock();
    local.jump(3_600_000);
    const clock = new EngineClock(local);
    expect(clock.now()).toBe(local.now());
    clock.observe({ sentAt: 0, endedAt: 1_000, time: 5_000_000 });
    clock.observe({ sentAt: 2_000, endedAt: 2_010, time: 5_002_000 });
    expect(clock.now()).toBe(4_999_995);
    local.jump(-7_200_000);
    expect(clock.now()).toBe(4_999_995);
  });
});

it.each([
  ['', 'query is nothing, expected a text of at most 2048 characters'],
  ['{"query":"q","state":"gone"}', 'state is "gone", expected one of intent, running, stopping, over'],
  ['{"query":"q","state":"over","start":-1}', 'start is -1, expected a whole number'],
])('rejects a register of a run with %s', (value, reason) => {
  expect(() => readRun({ partition: 'g/runs', name: 'x' }, value)).toThrow(`register g/runs x: ${reason}`);
});

it.each([
  ['{"monitor":"x"}', 'counted is nothing, expected a list'],
  ['{"monitor":"[1]","counted":[]}', 'monitor is "[1]", expected the place and the ARN of a monitor'],
  [
    '{"monitor":"[\\"\\",\\"arn\\"]","counted":[],"periods":{"Timeouts":1}}',
    'periods is {"Timeouts":1}, expected periods',
  ],
])('rejects a register of counted periods with %s', (value, reason) => {
  expect(() => readCounted({ partition: 'g/periods', name: 'x' }, value)).toThrow(`register g/periods x: ${reason}`);
});
