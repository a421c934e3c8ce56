import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, the longest first. They start first, so that none of them runs alone at the end. */
const LONG_FILES: readonly string[] = [
  'test/daemon/replica-network-partitions.test.ts',
  'test/e2e/alert-way.test.ts',
  'test/e2e/dashboards.test.ts',
  'test/daemon/replica-engine-off.test.ts',
  'test/daemon/replica-pauses.test.ts',
  'test/cli/demo.test.ts',
  'test/prometheus/takeover.test.ts',
  'test/daemon/scheduled-clock.test.ts',
  'test/daemon/replica-clocks.test.ts',
  'test/daemon/replica-network-takeovers.test.ts',
  'test/rules/storms.test.ts',
  'test/browser/status-page.test.ts',
  'test/scheduler/runs.test.ts',
  'test/rules/rules.test.ts',
  'test/demo/replicas.test.ts',
  'test/daemon/storage.test.ts',
  'test/security/attacks.test.ts',
  'test/daemon/endless-pages.test.ts',
  'test/prometheus/scrape.test.ts',
  'test/daemon/monitor-metrics-day.test.ts',
  'test/demo/story.test.ts',
  'test/daemon/targets.test.ts',
  'test/e2e/verdict.test.ts',
  'test/daemon/replica-kills.test.ts',
  'test/fuzz/answers.test.ts',
  'test/daemon/replicas-engines.test.ts',
  'test/daemon/many-roles.test.ts',
  'test/daemon/credential-sources.test.ts',
  'test/daemon/monitor-metrics.test.ts',
  'test/daemon/budget.test.ts',
  'test/daemon/storage-kill.test.ts',
  'test/daemon/scheduled-outcomes.test.ts',
  'test/browser/query-page.test.ts',
  'test/daemon/roles.test.ts',
  'test/daemon/replica-writes.test.ts',
  'test/daemon/faults.test.ts',
  'test/rules/replicas/takeover.test.ts',
  'test/daemon/large-results.test.ts',
  'test/persistence/unreadable.test.ts',
  'test/e2e/cost.test.ts',
  'test/daemon/replicas.test.ts',
  'test/config/large-files.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG_FILES.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index === -1 ? LONG_FILES.length : index;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
