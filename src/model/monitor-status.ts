/** The statuses of a monitor in the API's model. */
export const MONITOR_STATUSES = ['PENDING', 'ACTIVE', 'INACTIVE', 'ERROR', 'DELETING'] as const;
export type MonitorStatus = (typeof MONITOR_STATUSES)[number];
