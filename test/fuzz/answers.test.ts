import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { QUERY_TYPES } from '../../src/model/vocabulary.ts';
import { readPage } from '../metrics/page-grammar.ts';
import type { TestScope } from '../support/daemon.ts';
import { runCommand, startCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startFuzzService } from './service.ts';

const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 5);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() & 0x7f_ff_ff_ff);
/** Where the figures of a long run are written. */
const REPORT = process.env['FUZZ_REPORT'];

const PATIENCE_MS = 150_000;
/** Operations that the short form must reach. Starts wait for the next minute, and stops for a run that lasts. */
const POLLED = /^(GetQueryStatus|GetQueryResults.*TopContributors$|List|AssumeRole|GetCallerIdentity)/;
/** The short form runs beside other tests, which take the processor from the probe's measurements as well. */
const LONGEST_BLOCK_MS = SECONDS < 60 ? 1_000 : 200;
const LARGEST_RSS_MIB = 300;

/** A probe that took long. */
interface Probe {
  /** When it ended, on the wall clock. */
  readonly at: number;
  readonly ms: number;
  /** Of these, such in which neither a thread of the daemon nor the probe was ready to run and waited for a processor. */
  readonly block: number;
  /** Milliseconds that the daemon's main thread ran for. */
  readonly ran: number;
  /** The longest probe of the idle process that ended in the same time. */
  readonly idle: number;
}

interface Longest {
  readonly ms: number;
  readonly block: number;
  /** Of the process that does nothing. */
  readonly idle: number;
  readonly probes: number;
}

test(`arbitrary responses of all operations are survived for ${SECONDS} s`, {
  timeout: (SECONDS + 300) * 1_000,
}, async (scope) => {
  scope.onTestFailed(() => console.error(`FUZZ_SEED=${SEED}`));
  const service = await startFuzzService(scope, SEED);
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  writeFileSync(file, JSON.stringify(configOf(service.url)));
  const exporter = startCommand(scope, [`--config.file=${file}`, '--log.level=info']);
  const url = await exporter.url();
  const probe = startProbe(scope, url, exporter.pid);
  const ended = exporter.ended.then(({ code, signal, stderr }) => {
    throw new Error(`the daemon ended with ${code ?? signal}:\n${stderr.slice(-5_000)}`);
  });
  let over = false;
  // Makes the calls that the daemon does not make. It may exit with any code that is not an internal error.
  const checked = checkRepeatedly(scope, service.url, () => over);
  let largest = 0;
  const uncalled = () => {
    const names = [...service.counts].filter(([, count]) => count === 0).map(([name]) => name);
    return SECONDS < 60 ? names.filter((name) => POLLED.test(name)) : names;
  };
  const until = Date.now() + SECONDS * 1_000;
  // On a busy machine it takes longer until each operation was called.
  while (Date.now() < until || (uncalled().length > 0 && Date.now() < until + PATIENCE_MS)) {
    await Promise.race([ended, readPages(url)]);
    largest = Math.max(largest, rssOf(exporter.pid));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  over = true;
  const { longest, probes } = await probe.end();
  ended.catch(() => undefined);
  exporter.kill('SIGTERM');
  const { code } = await exporter.ended;

  const blocks = probes.filter(({ block }) => block > LONGEST_BLOCK_MS);
  const figures: Figures = {
    seed: SEED,
    seconds: SECONDS,
    longest,
    largest,
    blocks: blocks.length,
    counts: [...service.counts],
  };
  console.log(reportOf(figures));
  if (REPORT !== undefined) {
    writeFileSync(join(PROJECT, REPORT), reportOf(figures));
  }
  const causes = blocks.map((each) => [each, service.sentBetween(each.at - each.ms - 500, each.at)]);
  expect(causes).toEqual([]);
  expect(largest).toBeLessThan(LARGEST_RSS_MIB);
  expect(code).toBe(0);
  expect((await checked).filter((stderr) => stderr.includes('unexpected error'))).toEqual([]);
  expect(exporter.log().filter(({ level }) => level === 'error')).toEqual([]);
  expect(longest.probes).toBeGreaterThan(SECONDS);
  expect(uncalled()).toEqual([]);
});

interface Figures {
  readonly seed: number;
  readonly seconds: number;
  readonly longest: Longest;
  /** MiB. */
  readonly largest: number;
  /** Probes with a block beyond the limit. */
  readonly blocks: number;
  readonly counts: readonly (readonly [operation: string, answers: number])[];
}

/** As `docs` has it. */
function reportOf({ seed, seconds, longest, largest, blocks, counts }: Figures): string {
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    ['seconds', seconds],
    ['seed', seed],
    ['longest block: a health check, without waits for a processor', `${Math.round(longest.block)} ms`],
    ['longest health check, with them', `${Math.round(longest.ms)} ms`],
    ['longest health check of an idle process at the same time', `${Math.round(longest.idle)} ms`],
    ['health checks', longest.probes],
    [`health checks with a block over ${LONGEST_BLOCK_MS} ms: the run fails if there are any`, blocks],
    ['largest resident set', `${Math.round(largest)} MiB`],
    ...counts.map(([operation, responses]) => [`responses of ${operation}`, responses]),
  ];
  return [
    '# Fuzz tests',
    '',
    'The last run of `npm run long:fuzz`: the built daemon against a service whose responses are generated from the model',
    'of each operation and mutated. Values have other types, are huge, missing, or duplicated; bodies are truncated,',
    'slow, compressed, or not JSON. The run fails at a crash, an internal error of the exporter, a metrics page that is',
    `invalid or has a duplicate series, a resident set of ${LARGEST_RSS_MIB} MiB, or a health check that takes more than`,
    `${LONGEST_BLOCK_MS} ms, not including waits for a processor. FUZZ_SECONDS and FUZZ_SEED change the run.`,
    '',
    '| figure | value |',
    '|---|---|',
    ...rows.map(([figure, value]) => `| ${figure} | ${value} |`),
    '',
  ].join('\n');
}

/** Accounts that are there for their listings, roles, and identities: nothing else uses their requests. */
const LISTED = accountsOf('listed', 40);
/** Each has a request budget of its own, since errors of throttling reduce it. */
const ASKED = accountsOf('asked', 12);

function accountsOf(name: string, length: number): { readonly name: string; readonly roleArn: string }[] {
  return Array.from({ length }, (_, i) => ({
    name: `${name}-${i}`,
    roleArn: `arn:aws:iam::${111_122_223_333 + i}:role/${name}`,
  }));
}

/** Checks a file with many monitors and scopes with AWS, once after another. Returns the errors printed. */
async function checkRepeatedly(scope: TestScope, endpoint: string, isOver: () => boolean): Promise<string[]> {
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  const queries = Array.from({ length: 40 }, (_, i) => [
    { name: `m${i}`, queryId: 'w', monitorName: `monitor-${i}` },
    { name: `s${i}`, queryId: 'w', type: 'workload-insights-top-contributors', scopeId: `scope-${i}` },
  ]).flat();
  writeFileSync(file, JSON.stringify({ ...configOf(endpoint), queries }));
  const printed: string[] = [];
  while (!isOver()) {
    printed.push((await runCommand(scope, ['check-config', '--online', file])).stderr);
  }
  return printed;
}

function configOf(endpoint: string): object {
  const every = { schedule: { every: '1m', lookback: '1m', delay: '0s', timeout: '5s' } };
  const categories = ['INTRA_AZ', 'INTER_VPC', 'AMAZON_S3'];
  const account = ['own', ...ASKED.map(({ name }) => name)];
  const watched = { account, interval: '1s' };
  const insights = { account, destinationCategory: categories, ...every };
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    storage: { path: 'storage' },
    discovery: { monitorsEvery: '3s' },
    aws: {
      region: 'eu-west-1',
      endpoint,
      stsEndpoint: endpoint,
      requestTimeout: '1s',
      maxAttempts: 2,
      requestsPerSecond: 100,
      maxConcurrentRuns: 20,
    },
    accounts: [{ name: 'own' }, ...ASKED, ...LISTED],
    queries: [
      ...LISTED.map(({ name: account }) => ({
        name: `list-${account}`,
        account,
        monitorSelector: { tags: { team: 'x-1' } },
        metricName: 'TIMEOUTS',
        destinationCategory: 'INTER_AZ',
        ...every,
      })),
      ...Array.from({ length: 10 }, (_, i) => ({
        ...watched,
        name: `w${i}`,
        queryId: `w${i}`,
        monitorName: 'monitor-0',
      })),
      ...QUERY_TYPES.slice(1).map((type) => ({ ...watched, name: type, type, scopeId: 'scope-0', queryId: 'w' })),
      { name: 'm', account, monitorSelector: {}, metricName: '*', destinationCategory: categories, ...every },
      {
        name: 't',
        account,
        monitorSelector: { tags: { team: 'x-1' } },
        metricName: 'TIMEOUTS',
        destinationCategory: categories,
        ...every,
      },
      { name: 's', type: 'workload-insights-top-contributors', metricName: '*', ...insights },
      { name: 'd', type: 'workload-insights-top-contributors-data', metricName: '*', ...insights },
    ],
  };
}

/** Reads what a daemon shows. @throws Error for a page out of its form, and for a series that is there twice */
async function readPages(url: string): Promise<void> {
  const get = async (path: string, accept = '*/*') => {
    const response = await fetch(url + path, { headers: { accept } });
    return Buffer.from(await response.arrayBuffer());
  };
  readPage(await get('/metrics'), 'text');
  readPage(await get('/metrics', 'application/openmetrics-text; version=1.0.0'), 'openmetrics');
  const { queries } = JSON.parse((await get('/api/v1/queries')).toString());
  const [{ name } = { name: '' }] = queries;
  JSON.parse((await get(`/api/v1/queries/${encodeURIComponent(name)}/contributors`)).toString());
  expect((await get('/')).toString()).toContain('</html>');
}

/** MiB. */
function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

function startProbe({ onTestFinished }: TestScope, url: string, pid: number) {
  const script = fileURLToPath(new URL('probe.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, url, String(pid)], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill();
  });
  const probes: Probe[] = [];
  const finished = new Promise<Longest>((resolve, reject) => {
    child.on('error', reject);
    createInterface(child.stdout).on('line', (line) => {
      const read: Probe & { readonly longest?: Longest } = JSON.parse(line);
      if (read.longest === undefined) {
        probes.push(read);
      } else {
        resolve(read.longest);
      }
    });
  });
  return {
    async end(): Promise<{ readonly longest: Longest; readonly probes: readonly Probe[] }> {
      child.stdin.end();
      return { longest: await finished, probes };
    },
  };
}
