import { expect, it, vi } from 'vitest';
import { ApiSections } from '../../src/metrics/api-sections.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { ApiStats } from '../../src/state/api-stats.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

it('reads the rates of all queries once per scrape', async () => {
  const target = new Targets(new FakeClock()).add('default', 'eu-west-1', {
    requestsPerSecond: 5,
    maxConcurrentRequests: 8,
  });
  const planned = vi.fn(() => new Map([[target, 2.5]]));
  const sections = new ApiSections(planned, () => undefined);
  sections.add(new ApiStats(new RecordingLog()).of(target));
  const exposition = new Exposition(sections.sections(), async () => undefined);

  const parts = await exposition.scrape({ format: 'text', gzip: false, groups: undefined });

  expect(Buffer.concat(parts).toString()).toContain(
    'aws_nfm_api_planned_requests_per_second{account="default",aws_region="eu-west-1"} 2.5\n',
  );
  expect(planned).toHaveBeenCalledTimes(1);
});
