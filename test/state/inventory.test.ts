import { describe, expect, it } from 'vitest';
import { Targets } from '../../src/scheduler/target.ts';
import { Inventory } from '../../src/state/inventory.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const EVERY = 600_000;
const monitor = (name: string, arn: string | undefined = `arn:${name}`) => ({ name, arn, status: 'ACTIVE' });

function setUp() {
  const clock = new FakeClock();
  const inventory = new Inventory({ clock, every: EVERY, log: new RecordingLog() });
  const target = new Targets(clock).add('default', 'eu-west-1', { requestsPerSecond: 5, maxConcurrentRequests: 8 });
  const changes: unknown[] = [];
  inventory.changed.on(({ target: changed }) => changes.push(changed));
  inventory.add(target);
  return { clock, inventory, target, changes };
}

describe('Inventory', () => {
  it('knows the tags of a monitor for six intervals', async () => {
    const { clock, inventory, target } = setUp();
    inventory.monitorsListed(target, [monitor('checkout')]);
    expect(inventory.knowsTags(target, 'arn:checkout')).toBe(false);
    inventory.tagsRead(target, 'arn:checkout', { env: 'prod' });
    await clock.advance(6 * EVERY - 1);
    expect(inventory.knowsTags(target, 'arn:checkout')).toBe(true);
    await clock.advance(1);
    expect(inventory.knowsTags(target, 'arn:checkout')).toBe(false);
    expect(inventory.found(target).monitors).toEqual([{ name: 'checkout', status: 'ACTIVE', tags: { env: 'prod' } }]);
  });

  it('finds monitors with unread tags, with tags, and without an ARN', () => {
    const { inventory, target } = setUp();
    inventory.monitorsListed(target, [monitor('new'), monitor('tagged'), { ...monitor('odd'), arn: undefined }]);
    inventory.tagsRead(target, 'arn:tagged', { env: 'prod' });
    expect(inventory.found(target).monitors).toEqual([
      { name: 'new', status: 'ACTIVE', tags: undefined },
      { name: 'tagged', status: 'ACTIVE', tags: { env: 'prod' } },
      { name: 'odd', status: 'ACTIVE', tags: {} },
    ]);
  });

  it('forgets the tags of monitors that are no longer listed', () => {
    const { inventory, target } = setUp();
    inventory.monitorsListed(target, [monitor('kept'), monitor('deleted')]);
    inventory.tagsRead(target, 'arn:kept', {});
    inventory.tagsRead(target, 'arn:deleted', {});
    inventory.monitorsListed(target, [monitor('kept')]);
    expect(['kept', 'deleted'].map((name) => inventory.knowsTags(target, `arn:${name}`))).toEqual([true, false]);
  });

  it('distinguishes kinds that were listed, and emits each listing and complete tags', () => {
    const { inventory, target, changes } = setUp();
    expect(inventory.isListed(target, 'monitors')).toBe(false);
    inventory.monitorsListed(target, []);
    expect(inventory.isListed(target, 'monitors')).toBe(true);
    expect(inventory.isListed(target, 'scopes')).toBe(false);
    inventory.scopesListed(target, [{ id: 's-1', status: 'SUCCEEDED' }]);
    inventory.tagsComplete(target);
    expect(changes).toEqual([target, target, target]);
    expect(inventory.found(target)).toEqual({ monitors: [], scopeIds: ['s-1'] });
  });

  it('ignores late responses of a removed target', () => {
    const { inventory, target, changes } = setUp();
    inventory.monitorsListed(target, [monitor('checkout')]);
    inventory.remove(target);
    inventory.monitorsListed(target, [monitor('checkout')]);
    inventory.scopesListed(target, []);
    inventory.tagsRead(target, 'arn:checkout', {});
    inventory.tagsComplete(target);
    expect(changes).toHaveLength(1);
    expect(inventory.isListed(target, 'monitors')).toBe(false);
    expect(inventory.knowsTags(target, 'arn:checkout')).toBe(false);
    expect(inventory.found(target)).toEqual({ monitors: [], scopeIds: [] });
  });
});
