import { expect, it } from 'vitest';
import { InventorySections } from '../../src/metrics/inventory-sections.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { Inventory } from '../../src/state/inventory.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { pageOf } from './page-of.ts';

const LISTED_EVERY = 300_000;

/** One target. `samples` returns the lines of its samples at a scrape. */
function setUp() {
  const clock = new FakeClock();
  const limits = { requestsPerSecond: 5, maxConcurrentRequests: 8 };
  const target = new Targets(clock).add('default', 'eu-west-1', limits);
  const inventory = new Inventory({ clock, every: LISTED_EVERY, log: new RecordingLog() });
  const sections = new InventorySections();
  inventory.changed.on((changed) => sections.changed(changed));
  sections.add(inventory.add(target));
  const page = pageOf(sections.sections(), () => sections.refresh(clock.monotonic()));
  return {
    clock,
    sections,
    target,
    list: () => inventory.monitorsListed(target, [{ name: 'checkout', status: 'ACTIVE', arn: undefined }]),
    samples: async () => (await page()).split('\n').filter((line) => /^[^#]/.test(line)),
  };
}

const ACTIVE = 'aws_nfm_monitor_status{account="default",aws_region="eu-west-1",monitor="checkout",status="ACTIVE"} 1';
const MATCHES = 'aws_nfm_selector_matches{account="default",aws_region="eu-west-1",query_group="all"} 2';

it('shows the matches of selectors as soon as they are counted, after the first listing', async () => {
  const { sections, target, list, samples } = setUp();
  list();
  const listed = await samples();
  expect(listed).toContain(ACTIVE);
  expect(listed.filter((line) => line.startsWith('aws_nfm_selector_matches'))).toEqual([]);
  sections.matched(target, [{ group: 'all', kind: 'monitors', count: 2 }]);
  expect((await samples()).filter((line) => line.startsWith('aws_nfm_selector_matches'))).toEqual([MATCHES]);
});

it('omits the statuses and matches of a stale listing until the next one', async () => {
  const { clock, sections, target, list, samples } = setUp();
  const matches = [{ group: 'all', kind: 'monitors', count: 2 }] as const;
  list();
  sections.matched(target, matches);
  expect(await samples()).toEqual(expect.arrayContaining([ACTIVE, MATCHES]));
  await clock.advance(3 * LISTED_EVERY + 1);
  const stale = await samples();
  expect(stale).toHaveLength(1);
  expect(stale[0]).toContain('aws_nfm_inventory_last_success_timestamp_seconds');
  list();
  expect(await samples()).toEqual(expect.arrayContaining([ACTIVE, MATCHES]));
});
