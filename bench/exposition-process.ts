import { createApp } from '../src/http/app.ts';
import { listen } from '../src/http/server/server.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createLogger } from '../src/lib/log.ts';
import { Exposition } from '../src/metrics/exposition.ts';
import { processSections } from '../src/metrics/process-sections.ts';
import { QuerySections } from '../src/metrics/query-sections.ts';
import { ChangingStates } from './changing-states.ts';
import { driveByParent } from './page-process.ts';

/** The exporter's own page, behind its own HTTP server; only the polls are not real. */
driveByParent(async (queries) => {
  const changing = new ChangingStates();
  const querySections = new QuerySections(changing.states);
  changing.states.changed.on((registration, fields) => querySections.changed(registration, fields));
  changing.register(queries);
  const runtime = processSections();
  const exposition = new Exposition([...querySections.sections(), ...runtime.sections], async () => {
    querySections.refresh(changing.now);
    await runtime.refresh();
  });
  const log = createLogger({
    level: 'warn',
    format: 'logfmt',
    clock: systemClock,
    write: (line) => process.stderr.write(line),
  });
  const app = createApp({
    site: {
      version: 'bench',
      telemetryPath: '/metrics',
      routePrefix: '',
      externalUrl: undefined,
      prometheusUrl: undefined,
      grafanaUrl: undefined,
    },
    queries: {
      all: () => [],
      get: () => undefined,
      contributors: () => undefined,
      async *flows() {},
      subscribe: () => () => undefined,
    },
    health: { unhealthy: () => undefined, waiting: () => 0, targets: () => [], networks: () => [] },
    changes: { reload: undefined, registrations: undefined },
    scrape: (request) => exposition.scrape(request),
    context: { clock: systemClock, log, shutdown: new AbortController().signal },
  });
  const { addresses } = await listen(app, ['127.0.0.1:0'], { clock: systemClock, log });
  return {
    port: Number(addresses[0]?.split(':')[1]),
    change: (count) => changing.change(count),
    render: (gzip) => exposition.scrape({ format: 'text', gzip, groups: undefined }),
  };
});
