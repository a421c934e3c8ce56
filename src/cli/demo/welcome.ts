import { join } from 'node:path';
import type { DaemonFlags } from '../daemon-flags.ts';
import type { DemoFolder } from './folder.ts';

export interface Welcome {
  readonly flags: DaemonFlags;
  /** Without a slash at the end. */
  readonly url: string;
  /** The URL of the metrics. */
  readonly metrics: string;
  /** The one in use: the demo's own, or the user's. */
  readonly configFile: string;
  readonly folder: DemoFolder;
  readonly simulator: string;
  /** Whether scenes are played. */
  readonly story: boolean;
}

/** A command, and what it shows. */
type Try = readonly [command: string, what: string];

/** What the demo prints when it listens: addresses, and commands that work as they stand. */
export function welcome(options: Welcome): string {
  const { url, metrics, configFile, folder, simulator, story } = options;
  const tries = configFile === folder.configFile ? ofDemoConfig(options) : ofAnyConfig(options);
  const end = story
    ? 'Ctrl-C ends it. The story begins; of what happens, each line tells the time and where to look:'
    : 'Ctrl-C ends it. With --story, things happen to it: monitors come and go, credentials expire, a query hangs.';
  const register = options.flags.enableAdminApi
    ? ''
    : 'With --web.listen-address=127.0.0.1:10049 --web.enable-admin-api, queries can be registered over HTTP, too.\n';
  return `
Network Flow Monitor exporter, demo: ${configFile}
polls a simulator of the service at ${simulator}

  ${url}/                 the registered queries and their status
  ${metrics}          what Prometheus scrapes
  ${url}/api/v1/queries   the same as JSON

Things to try:
${tries.map(([command, what]) => `  ${command}   ${what}\n`).join('')}
${register}${end}

`;
}

function ofDemoConfig(options: Welcome): readonly Try[] {
  const { flags, url, metrics, folder, story } = options;
  return [
    [`curl -s ${metrics} | grep aws_nfm_query_status`, 'the status of each query'],
    [`curl -s ${url}/api/v1/queries/checkout-rtt`, 'queued, running, SUCCEEDED within a minute'],
    [`curl -s ${metrics} | grep aws_nfm_contributor_retransmissions`, 'which flows are bad: queries run each minute'],
    [`curl -s ${metrics} | grep monitor_status`, 'each monitor, and queries for all that are called prod-*'],
    [`curl -s ${metrics} | grep last_error`, 'what fails here, and why'],
    ...(story ? [] : [throttling(metrics)]),
    [`curl -s ${metrics} | grep account_info`, 'three AWS accounts, each by a role of its own'],
    [`ls -R ${join(folder.path, 'storage')}`, 'what would outlive a restart'],
    ...ofAnyConfig(options),
    ...(flags.enableAdminApi ? ofAdminApi(url) : []),
    [`rm ${folder.discoveryFile}`, 'a discovery file: its query leaves with it'],
  ];
}

function throttling(metrics: string): Try {
  const what = 'eu-west-1 throttles from 0:30 to 0:45: its budget is cut and grows back';
  return [`curl -s ${metrics} | grep budget_requests`, what];
}

function ofAnyConfig({ flags, url, configFile }: Welcome): readonly Try[] {
  const reload = flags.enableLifecycle ? `curl -s -X POST ${url}/-/reload` : `kill -HUP ${process.pid}`;
  return [
    [`curl -s ${url}/-/ready`, 'ready when each watched query was tried once'],
    [reload, `reloads ${configFile}: change something there before`],
  ];
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
