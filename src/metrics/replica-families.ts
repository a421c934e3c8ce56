import { counter, families, gauge } from './family.ts';

/** Families of replicas. They exist only if the configuration has replicas. */
export const REPLICA_FAMILIES = families('exporter', [], {
  aws_nfm_replica_epoch: gauge('Number of the lead if this member leads its replicas, 0 on a standby.'),
  aws_nfm_replica_leader: gauge('1 if this member leads its replicas, 0 on a standby.'),
  aws_nfm_replica_members: gauge('Living members of the replicas, as last read from the shared storage.'),
  aws_nfm_replica_member_info: gauge(
    'This member of the replicas, with its exporter version and a hash of its configuration. Always 1.',
    'group',
    'id',
    'version',
    'config',
  ),
  aws_nfm_replica_config_mismatch: gauge('1 if the leader has another configuration than this member, 0 otherwise.'),
  aws_nfm_replica_clock_offset_seconds: gauge(
    'Local wall clock minus the clock of the shared storage, in seconds. Absent before the first call.',
  ),
  aws_nfm_replica_engine_up: gauge('1 if the last heartbeat to the shared storage succeeded, 0 if it failed.'),
  aws_nfm_replica_engine_requests_total: counter('Requests to the shared storage by operation.', 'operation'),
  aws_nfm_replica_engine_errors_total: counter('Failed requests to the shared storage by error.', 'error'),
  aws_nfm_replica_engine_rollbacks_total: counter('Times at which the shared storage was found in an earlier state.'),
  aws_nfm_replica_takeovers_total: counter('Leads that this member has taken, by reason.', 'reason'),
  aws_nfm_replica_fenced_starts_total: counter(
    'Starts of runs that a register in the shared storage prevented, because another member had written it.',
  ),
});
