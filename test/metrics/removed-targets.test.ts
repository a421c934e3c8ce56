import { expect, it } from 'vitest';
import { ApiSections } from '../../src/metrics/api-sections.ts';
import { InventorySections } from '../../src/metrics/inventory-sections.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { ApiStats } from '../../src/state/api-stats.ts';
import { Inventory } from '../../src/state/inventory.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { pageOf } from './page-of.ts';

const limits = { requestsPerSecond: 5, maxConcurrentRequests: 8 };

it('removes all series of the API in a removed target', async () => {
  const targets = new Targets(new FakeClock());
  const [kept, removed] = ['eu-west-1', 'us-east-1'].map((region) => targets.add('default', region, limits));
  const stats = new ApiStats(new RecordingLog());
  const sections = new ApiSections(
    () => new Map(),
    () => ({ active: 1, waiting: 2, limit: 3 }),
  );
  for (const target of targets.all()) {
    sections.add(stats.of(target));
  }
  const page = pageOf(sections.sections(), () => undefined);
  expect(await page()).toContain(`aws_nfm_api_runs_limit{account="default",aws_region="${removed?.region}"} 3\n`);
  if (removed !== undefined) {
    sections.remove(removed);
  }
  const after = await page();
  expect(after).not.toContain('us-east-1');
  expect(after).toContain(`aws_nfm_api_runs{account="default",aws_region="${kept?.region}",state="waiting"} 2\n`);
});

it('removes the monitors and scopes of a removed target', async () => {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const [kept, removed] = ['eu-west-1', 'us-east-1'].map((region) => targets.add('default', region, limits));
  const inventory = new Inventory({ clock, every: 300_000, log: new RecordingLog() });
  const sections = new InventorySections();
  inventory.changed.on((changed) => sections.changed(changed));
  for (const target of targets.all()) {
    sections.add(inventory.add(target));
    inventory.monitorsListed(target, [{ name: 'checkout', status: 'ACTIVE', arn: undefined }]);
  }
  const page = pageOf(sections.sections(), () => sections.refresh(clock.monotonic()));
  expect(await page()).toContain('us-east-1');
  if (removed !== undefined) {
    sections.remove(removed);
  }
  const after = await page();
  expect(after).not.toContain('us-east-1');
  expect(after).toContain(`aws_region="${kept?.region}",monitor="checkout",status="ACTIVE"} 1\n`);
});
