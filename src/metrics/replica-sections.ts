import type { ReplicaMember } from '../replicas/member.ts';
import { REGISTER_FAILURES } from '../replicas/registers.ts';
import { type Section, scrapedSection } from './exposition.ts';
import { keysOf, REPLICA_FAMILIES } from './families.ts';
import { labelPart, type Sample } from './text.ts';

/** Characters of the configuration's hash in a label. */
const HASH_LENGTH = 12;

export type ShownMember = Pick<ReplicaMember, 'epoch' | 'members' | 'identity' | 'hasOtherConfig'> & {
  readonly clock: Pick<ReplicaMember['clock'], 'localOffset'>;
  readonly stats: Pick<ReplicaMember['stats'], 'isEngineUp' | 'requests' | 'errors' | 'rollbacks' | 'takeovers'>;
  readonly shared: { readonly runs: Pick<ReplicaMember['shared']['runs'], 'fencedStarts'> };
};

export function replicaSections(member: ShownMember): Section[] {
  const { stats } = member;
  const by = (label: string, counts: Iterable<readonly [string, number]>): readonly Sample[] =>
    Array.from(counts, ([value, count]) => [labelPart([[label, value]]), count]);
  const samples: Readonly<Record<keyof typeof REPLICA_FAMILIES, () => readonly Sample[]>> = {
    aws_nfm_replica_epoch: () => [['', member.epoch]],
    aws_nfm_replica_leader: () => [['', Number(member.epoch > 0)]],
    aws_nfm_replica_members: () => [['', member.members.length]],
    aws_nfm_replica_member_info: () => {
      const { group, id, version, config } = member.identity;
      return [[labelPart(Object.entries({ group, id, version, config: config.slice(0, HASH_LENGTH) })), 1]];
    },
    aws_nfm_replica_config_mismatch: () => [['', Number(member.hasOtherConfig)]],
    aws_nfm_replica_clock_offset_seconds: () => {
      const offset = member.clock.localOffset;
      return [['', offset === undefined ? undefined : offset / 1_000]];
    },
    aws_nfm_replica_engine_up: () => [['', Number(stats.isEngineUp)]],
    aws_nfm_replica_engine_requests_total: () => by('operation', Object.entries(stats.requests)),
    aws_nfm_replica_engine_errors_total: () =>
      by(
        'error',
        REGISTER_FAILURES.map((error) => [error, stats.errors.get(error) ?? 0]),
      ),
    aws_nfm_replica_engine_rollbacks_total: () => [['', stats.rollbacks]],
    aws_nfm_replica_takeovers_total: () => by('reason', Object.entries(stats.takeovers)),
    aws_nfm_replica_fenced_starts_total: () => [['', member.shared.runs.fencedStarts]],
  };
  return keysOf(samples).map((name) => scrapedSection(REPLICA_FAMILIES[name], samples[name]));
}
