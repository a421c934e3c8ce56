import { join } from 'node:path';
import type { DaemonFlags } from '../daemon-flags.ts';
import type { DemoDirectory } from './directory.ts';

export interface Welcome {
  readonly flags: DaemonFlags;
  /** URL of the exporter, without a slash at the end, and of its metrics. */
  readonly url: string;
  readonly metrics: string;
  /** Name of a query with contributors. Undefined if there is none. */
  readonly query: string | undefined;
  readonly directory: DemoDirectory;
  readonly simulator: string;
  /** URL of the metrics of agents on instances. Undefined: not served. */
  readonly agents: string | undefined;
  readonly story: boolean;
}

/** An address or a command, and a description of its result. */
type Try = readonly [command: string, what: string];

/** The text that the demo prints when it listens: pages first, then addresses and commands that can be copied. */
export function welcome(options: Welcome): string {
  const { flags, url, metrics, query, simulator, agents, story } = options;
  const tries = flags.configFile === undefined ? ofDemoConfig(options) : ofAnyConfig(options);
  const end = story
    ? 'Press Ctrl-C to exit. The story starts. Each line shows the time, the event, and a command that shows its effect:'
    : 'Press Ctrl-C to exit. With --story, events happen: monitors are added and deleted, credentials expire, AWS has an incident.';
  const { port, protocol } = new URL(url);
  const address = `127.0.0.1:${port || (protocol === 'https:' ? '443' : '80')}`;
  const register = flags.enableAdminApi
    ? ''
    : `To register queries over HTTP, too, add --web.listen-address=${address} --web.enable-admin-api.\n`;
  const pages: readonly Try[] = [
    [`${url}/`, 'the registered queries and their status, live'],
    [`${url}/flows`, 'the worst flows of all queries, and traffic from zone to zone'],
    ...(query === undefined
      ? []
      : [[`${url}/?query=${encodeURIComponent(query)}`, 'the contributors of one query'] as const]),
  ];
  const addresses: readonly Try[] = [
    [metrics, 'the metrics for Prometheus'],
    [`${url}/api/v1/queries`, 'the queries as JSON'],
    ...(agents === undefined ? [] : [[agents, 'network allowances of instances, from their agents'] as const]),
  ];
  const width = Math.max(...[...pages, ...addresses].map(([address]) => address.length));
  return `
Network Flow Monitor exporter, demo: ${fileInUse(options)}
polls a simulator of the service at ${simulator}

Pages for your browser:
${listed(pages, width)}
For programs:
${listed(addresses, width)}
Commands to try:
${listed(tries)}
${register}${end}

`;
}

/** Returns one line per entry, with descriptions from a column on. */
function listed(tries: readonly Try[], column = 0): string {
  return tries.map(([command, what]) => `  ${command.padEnd(column)}   ${what}\n`).join('');
}

function ofDemoConfig(options: Welcome): readonly Try[] {
  const { flags, url, metrics, directory, story } = options;
  return [
    [`curl -s ${metrics} | grep aws_nfm_query_status`, 'the status of each query'],
    [`curl -s ${url}/api/v1/queries/checkout-rtt`, 'one query: QUEUED, RUNNING, and SUCCEEDED within a minute'],
    [
      `curl -s ${metrics} | grep aws_nfm_contributor_retransmissions`,
      'flows with retransmissions, from queries that run each minute',
    ],
    [`curl -s ${metrics} | grep monitor_status`, 'status of each monitor; monitors named prod-* have queries'],
    [`curl -s ${metrics} | grep last_error`, 'failed calls, with the reason'],
    ...(story ? [] : [[`curl -s ${metrics} | grep budget_requests`, THROTTLING] as const]),
    [`curl -s ${metrics} | grep account_info`, 'three AWS accounts, each with a role of its own'],
    [`ls -R ${join(directory.path, 'storage')}`, 'state that persists across restarts'],
    ...ofAnyConfig(options),
    ...(flags.enableAdminApi ? ofAdminApi(url) : []),
    [`rm ${directory.discoveryFile}`, 'deletes a discovery file, which removes its query'],
  ];
}

const THROTTLING = 'request budgets: eu-west-1 throttles from 0:30 to 0:45, its budget is reduced and recovers';

function ofAnyConfig(options: Welcome): readonly Try[] {
  const { flags, url } = options;
  const reload = flags.enableLifecycle ? `curl -s -X POST ${url}/-/reload` : `kill -HUP ${process.pid}`;
  return [
    [`curl -s ${url}/-/ready`, 'readiness: ready after one poll of each watched query'],
    [reload, `reloads ${fileInUse(options)}, which you can edit before`],
  ];
}

/** The user's configuration file, or the demo's own. */
function fileInUse({ flags, directory }: Welcome): string {
  return flags.configFile ?? directory.configFile;
}

function ofAdminApi(url: string): readonly Try[] {
  const query = `${url}/api/v1/queries/mine`;
  const body = JSON.stringify({
    account: 'shop',
    region: 'us-east-1',
    monitorName: 'checkout',
    metricName: 'TIMEOUTS',
    destinationCategory: 'INTER_VPC',
    schedule: { every: '1m', delay: '0s' },
  });
  return [
    [`curl -s -X PUT -H 'Content-Type: application/json' -d '${body}' ${query}`, 'registers a query over HTTP'],
    [`curl -s -X DELETE ${query}`, 'removes it'],
  ];
}
