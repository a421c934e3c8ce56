import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommandHere } from '../support/command-here.ts';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ACCOUNTS = ['a', 'b', 'c', 'd'];
const REGIONS = ['eu-west-1', 'us-east-1'];
const ENVIRONMENT = { NFM_EXPORTER_SHARD: '1', NFM_EXPORTER_TOTAL_SHARDS: '2' };

/** Eight targets with a watched query each, half of them with metrics from CloudWatch, and series for half of `maxSeries`. */
function writeConfig(more: object = {}): string {
  const file = join(temporaryFolder(), 'nfm.json');
  const regional = { regions: REGIONS };
  const config = {
    accounts: ACCOUNTS.map((name, index) => ({
      name,
      roleArn: `arn:aws:iam::11112222333${index}:role/nfm`,
      ...regional,
      ...(index % 2 === 0 ? { cloudwatch: {} } : {}),
    })),
    contributors: { maxSeries: 700 },
    queries: [
      { name: 'w', monitorName: 'm', queryId: 'q', account: '*' },
      {
        name: 's',
        monitorName: 'm',
        account: '*',
        metricName: 'TIMEOUTS',
        destinationCategory: 'INTER_AZ',
        schedule: { every: '1h' },
        limit: 100,
      },
    ],
    ...more,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runCommandHere([...args], { ...CLEAN_ENVIRONMENT, ...env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** `a eu-west-1` and so on, from the lines of targets. */
const targetsIn = (stdout: string) =>
  Array.from(stdout.matchAll(/^ {2}([a-d] [a-z0-9-]+): 2 queries, /gm), ([, target = '']) => target);

/** `a eu-west-1` and so on, from the lines of CloudWatch. */
const pricedIn = (stdout: string) =>
  (/^CloudWatch: .*\n {2}(.*?): HealthIndicator/m.exec(stdout)?.[1] ?? '').split(', ');

describe('--shard and --total-shards', () => {
  it('limit check-config to the targets, prices, and request plan of the shard', async () => {
    const file = writeConfig();
    const all = await run(['check-config', '--verbose', file]);
    const shards = await Promise.all(
      ['0', '1'].map((n) => run(['check-config', '--verbose', `--shard=${n}`, '--total-shards=2', file])),
    );
    const targets = shards.map(targetsIn);
    expect(targets.every((some) => some.length > 0)).toBe(true);
    expect(targets.flat().sort()).toEqual(targetsIn(all).sort());
    expect(targetsIn(all)).toHaveLength(8);
    expect(shards.flatMap(pricedIn).sort()).toEqual(pricedIn(all).sort());
    for (const [n, stdout] of shards.entries()) {
      const own = targets[n]?.length ?? 0;
      const lines = stdout.split('\n');
      expect(lines.slice(1, 3)).toEqual([`shard ${n} of 2: ${own} of 8 targets`, `queries: ${2 * own}`]);
      expect(lines).toContain(`contributor series: at most ${100 * own} of 700`);
    }
    expect(all).not.toContain('shard');
  });

  it('limit warnings of check-config to the shard, and name no account of another shard as unused', async () => {
    const file = writeConfig();
    expect(await run(['check-config', file])).toContain('warnings: 1\n  contributors.maxSeries (line 1): got 700');
    for (const n of ['0', '1']) {
      expect(await run(['check-config', '--strict', `--shard=${n}`, '--total-shards=2', file])).toContain(
        'warnings: 0\n',
      );
    }
  });

  it('limit the warnings of the daemon to the shard', async (scope) => {
    const nowhere = 'http://127.0.0.1:9';
    const file = writeConfig({ aws: { endpoint: nowhere, stsEndpoint: nowhere, stsRegion: 'us-east-1' } });
    const args = ['serve', `--config.file=${file}`, '--web.listen-address=127.0.0.1:0'];
    const warningsOf = async (more: readonly string[]) => {
      const daemon = startCommand(scope, [...args, ...more]);
      await daemon.event('listening');
      daemon.kill('SIGTERM');
      await daemon.ended;
      return daemon.log().filter(({ msg }) => msg === 'configuration warning');
    };
    expect(await warningsOf([])).toHaveLength(1);
    expect(await warningsOf(['--shard=1', '--total-shards=2'])).toEqual([]);
  });

  it('are read from the variables of the daemon', async () => {
    const file = writeConfig();
    const ofFlags = await run(['check-config', '--shard=1', '--total-shards=2', file]);
    expect(await run(['check-config', file], ENVIRONMENT)).toBe(ofFlags);
    expect(await run(['check-config', '--shard=0', file], ENVIRONMENT)).toContain('\nshard 0 of 2: ');
  });

  it('limit the policies of iam-policy to the targets and registers of the shard', async () => {
    const file = writeConfig({ storage: { dynamodb: { region: 'eu-west-1', table: 'nfm' } } });
    const statementsOf = async (n: string) => {
      const policies = JSON.parse(await run(['iam-policy', '--trust', `--shard=${n}`, '--total-shards=2', file]));
      const resources = Object.values<{ Statement: { Resource: string[] }[] }>(policies.accounts)
        .flatMap(({ Statement }) => Statement.flatMap(({ Resource }) => Resource))
        .filter((resource) => resource !== '*');
      const [{ Condition }] = policies.storage.replicas.Statement;
      return { resources, keys: Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys'] };
    };
    const [first, second] = [await statementsOf('0'), await statementsOf('1')];
    expect(new Set([...first.resources, ...second.resources])).toHaveLength(8);
    expect(first.resources.length * second.resources.length).toBeGreaterThan(0);
    expect(first.resources.filter((each) => second.resources.includes(each))).toEqual([]);
    expect(second.keys).toEqual(['default:1', 'default:1/*']);
  });

  it.for([
    [['check-config', '--shard=0', 'x.yml'], '--shard requires --total-shards (or NFM_EXPORTER_TOTAL_SHARDS)'],
    [['iam-policy', '--total-shards=2', 'x.yml'], '--total-shards requires --shard (or NFM_EXPORTER_SHARD)'],
    [
      ['check-config', '--shard=2', '--total-shards=2', 'x.yml'],
      '--shard: got "2", expected a number below 2, the number of shards',
    ],
  ] as const)('are checked as by the daemon: %j', async ([args, message]) => {
    const { code, stderr } = await runCommandHere([...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(`nfm-exporter: ${message}\n`);
  });
});
