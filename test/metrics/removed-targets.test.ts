import { expect, it } from 'vitest';
import { Emitter } from '../../src/lib/emitter.ts';
import { ApiSections } from '../../src/metrics/api-sections.ts';
import { Exposition, type Section } from '../../src/metrics/exposition.ts';
import { InventorySections } from '../../src/metrics/inventory-sections.ts';
import { RunPage } from '../../src/metrics/run-page.ts';
import { isScheduled, type Registration } from '../../src/model/query.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { ApiStats } from '../../src/state/api-stats.ts';
import { Inventory } from '../../src/state/inventory.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';

const limits = { requestsPerSecond: 5, maxConcurrentRequests: 8 };

function pageOf(sections: readonly Section[], refresh: () => void): () => Promise<string> {
  const exposition = new Exposition(sections, async () => refresh());
  return async () => {
    const parts = await exposition.scrape({ format: 'text', gzip: false, groups: undefined });
    return Buffer.concat(parts).toString();
  };
}

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
  const page = pageOf(sections.sections(), () => sections.refresh());
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

it('applies a changed limit of contributor series at the next scrape', async () => {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const states = new RunStates({ clock, log, changed: new Emitter(log, 'change of a query') });
  const runs = new RunPage(states, 2);
  const registration: Registration = handleOf(scheduledQuery({ name: 'q' }));
  if (!isScheduled(registration)) {
    throw new Error('not scheduled');
  }
  states.register(registration);
  runs.changed(registration, ['registered']);
  runs.resultsRead(
    registration,
    [3, 2, 1].map((value) => ({ labels: [['remote_ip', `10.0.0.${value}`]], value })),
  );
  const page = pageOf(runs.sections(), () => runs.refresh(clock.monotonic()));
  const shown = async () => (await page()).split('\n').filter((line) => line.includes('remote_ip=')).length;
  expect([await shown(), runs.series]).toEqual([2, 2]);
  runs.setMaxSeries(1);
  expect([await shown(), runs.series]).toEqual([1, 1]);
  runs.setMaxSeries(3);
  expect([await shown(), runs.series]).toEqual([3, 3]);
});
