import { expect, it } from 'vitest';
import { Exposition } from '../../src/metrics/exposition.ts';
import { replicaSections, type ShownMember } from '../../src/metrics/replica-sections.ts';
import type { RegisterFailure } from '../../src/replicas/registers.ts';

const MEMBER = { id: 'a', boot: 'boot', url: undefined, version: '0.1.0', config: '0123456789abcdef' };

function memberOf(changes: Partial<ShownMember> = {}): ShownMember {
  return {
    epoch: 3,
    members: [],
    identity: { ...MEMBER, group: 'group "g"' },
    hasOtherConfig: true,
    clock: { localOffset: -1_500 },
    stats: {
      isEngineUp: true,
      requests: { get: 5, put: 6, list: 7 },
      errors: new Map<RegisterFailure, number>([['timeout', 2]]),
      rollbacks: 4,
      takeovers: { dead: 1, refused: 2, released: 3 },
    },
    shared: { runs: { fencedStarts: 8 } },
    ...changes,
  };
}

/** Returns the samples of a scrape, without the common prefix of their names. */
async function samplesOf(member: ShownMember): Promise<readonly string[]> {
  const exposition = new Exposition(replicaSections(member), async () => undefined);
  const page = Buffer.concat(await exposition.scrape({ format: 'text', gzip: false, groups: undefined })).toString();
  return page.split('\n').flatMap((line) => (line.startsWith('aws_nfm_replica_') ? [line.slice(16)] : []));
}

it('shows a leader, its group, and its calls of the shared storage', async () => {
  const samples = await samplesOf(memberOf());
  expect(samples).toEqual(
    expect.arrayContaining([
      'epoch 3',
      'leader 1',
      'members 0',
      'member_info{group="group \\"g\\"",id="a",version="0.1.0",config="0123456789ab"} 1',
      'config_mismatch 1',
      'clock_offset_seconds -1.5',
      'engine_up 1',
      'engine_requests_total{operation="get"} 5',
      'engine_requests_total{operation="put"} 6',
      'engine_requests_total{operation="list"} 7',
      'engine_errors_total{error="timeout"} 2',
      'engine_rollbacks_total 4',
      'takeovers_total{reason="dead"} 1',
      'takeovers_total{reason="refused"} 2',
      'takeovers_total{reason="released"} 3',
      'fenced_starts_total 8',
    ]),
  );
});

it('shows failures that have not happened as 0', async () => {
  const errors = (await samplesOf(memberOf())).filter((line) => line.startsWith('engine_errors_total'));
  expect(errors.length).toBeGreaterThan(1);
  expect(errors.filter((line) => line.endsWith(' 0'))).toHaveLength(errors.length - 1);
});

it('shows a standby as not leading, and no offset of a clock that is not measured', async () => {
  const samples = await samplesOf(memberOf({ epoch: 0, clock: { localOffset: undefined }, hasOtherConfig: false }));
  expect(samples).toEqual(expect.arrayContaining(['epoch 0', 'leader 0', 'config_mismatch 0']));
  expect(samples.filter((line) => line.startsWith('clock_offset'))).toEqual([]);
});
