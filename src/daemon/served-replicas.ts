import type { ServedReplicas } from '../http/app-options.ts';
import type { ReplicaMember } from '../replicas/member.ts';

/** Returns the group of replicas for the HTTP API. */
export function servedReplicas(member: ReplicaMember): ServedReplicas {
  return {
    view() {
      const { leader, identity, engine, stats } = member;
      return {
        group: identity.group,
        id: identity.id,
        leader: leader === undefined ? null : { id: leader.id, epoch: leader.epoch, url: leader.url ?? null },
        engine: { kind: engine.kind, description: engine.description, up: stats.isEngineUp },
        members: member.members.map(({ value: { id, url, version, config }, age }) => ({
          id,
          url: url ?? null,
          version,
          sameConfig: config === identity.config,
          heartbeatAgeSeconds: Math.max(0, age) / 1_000,
        })),
      };
    },
    standby() {
      const { leader, isLeader, boot } = member;
      const other = leader?.boot === boot ? undefined : leader;
      return isLeader ? undefined : { leaderId: other?.id, leaderUrl: other?.url };
    },
  };
}
