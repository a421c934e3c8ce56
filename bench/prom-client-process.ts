import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { QUERY_FAMILIES } from '../src/metrics/families.ts';
import { QUERY_STATUSES } from '../src/model/vocabulary.ts';
import type { QueryState } from '../src/state/query-state.ts';
import { ChangingStates } from './changing-states.ts';
import { driveByParent } from './page-process.ts';
import { servePromClient } from './prom-client-server.ts';

type FamilyName = keyof typeof QUERY_FAMILIES;

/** The same series by prom-client as its documentation has it: a gauge or counter a family. */
driveByParent(async (queries) => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const metrics = createMetrics(registry);
  const changing = new ChangingStates();
  changing.states.changed.on((registration, fields) => {
    const state = changing.states.get(registration);
    if (state !== undefined) {
      (fields.includes('registered') ? metrics.add : metrics.changed)(state);
    }
  });
  changing.register(queries);
  const { port, render } = await servePromClient(registry);
  return { port, change: (count) => changing.change(count), render };
});

/** What keeps prom-client's metrics in step with the states. */
function createMetrics(registry: Registry): { add(state: QueryState): void; changed(state: QueryState): void } {
  const options = (name: FamilyName, labels = QUERY_FAMILIES[name].labels) => ({
    name,
    help: QUERY_FAMILIES[name].help,
    labelNames: labels,
    registers: [registry],
  });
  const info = new Gauge(options('aws_nfm_query_info', [...QUERY_FAMILIES.aws_nfm_query_info.labels, 'team']));
  const status = new Gauge(options('aws_nfm_query_status'));
  const up = new Gauge(options('aws_nfm_query_up'));
  new Gauge(options('aws_nfm_query_last_error'));
  const polls = new Counter(options('aws_nfm_query_polls_total'));
  const pollErrors = new Counter(options('aws_nfm_query_poll_errors_total'));
  const lastSuccess = new Gauge(options('aws_nfm_query_last_success_timestamp_seconds'));
  const statusSince = new Gauge(options('aws_nfm_query_status_since_timestamp_seconds'));
  const registered = new Gauge(options('aws_nfm_query_registered_timestamp_seconds'));
  const interval = new Gauge(options('aws_nfm_query_interval_seconds'));
  return {
    add({ registration: { query }, registeredAt }) {
      if (query.kind !== 'watched') {
        throw new TypeError('the bench has watched queries only');
      }
      const { name, type, account, region, monitorName = '', source, group, queryId, labels } = query;
      info.set(
        {
          query: name,
          query_type: type,
          account,
          aws_region: region,
          monitor: monitorName,
          source,
          query_group: group,
          query_id: queryId,
          ...labels,
        },
        1,
      );
      pollErrors.inc({ query: name }, 0);
      registered.set({ query: name }, registeredAt / 1_000);
      interval.set({ query: name }, query.interval / 1_000);
    },
    changed(state) {
      const { name } = state.registration;
      for (const each of QUERY_STATUSES) {
        status.set({ query: name, status: each }, each === state.status ? 1 : 0);
      }
      up.set({ query: name }, Number(state.up));
      polls.inc({ query: name });
      lastSuccess.set({ query: name }, Number(state.lastSuccess) / 1_000);
      statusSince.set({ query: name }, Number(state.statusSince) / 1_000);
    },
  };
}
