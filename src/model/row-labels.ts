/** Labels of contributor series: fields of the API's rows of both families, in snake case and in the API's order. */
export const ROW_FIELD_LABELS = [
  'local_ip',
  'snat_ip',
  'local_instance_id',
  'local_vpc_id',
  'local_region',
  'local_az',
  'local_subnet_id',
  'target_port',
  'remote_vpc_id',
  'remote_region',
  'remote_az',
  'remote_subnet_id',
  'remote_instance_id',
  'remote_ip',
  'dnat_ip',
  // Workload insights only
  'account_id',
  'remote_identifier',
] as const;

/** Labels of contributor series: members of a monitor row's `kubernetesMetadata`, in snake case. */
export const KUBERNETES_LABELS = [
  'local_service_name',
  'local_pod_name',
  'local_pod_namespace',
  'remote_service_name',
  'remote_pod_name',
  'remote_pod_namespace',
] as const;

/** The labels that `contributors.labels` and a query's `contributorLabels` may choose from. */
export const ROW_LABELS = [...ROW_FIELD_LABELS, ...KUBERNETES_LABELS] as const;
export type RowLabel = (typeof ROW_LABELS)[number];
