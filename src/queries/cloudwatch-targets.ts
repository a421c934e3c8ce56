import type { CloudwatchSettings, Config } from '../config/config.ts';

/** A target whose metrics are read from CloudWatch, even if no query uses it. */
export interface CloudwatchTarget {
  readonly account: string;
  readonly region: string;
  readonly settings: CloudwatchSettings;
}

/** Returns the settings of an account; undefined if nothing is read from CloudWatch. */
export function cloudwatchOf(name: string, { accounts }: Pick<Config, 'accounts'>): CloudwatchSettings | undefined {
  return accounts.find((account) => account.name === name)?.cloudwatch;
}

/** Returns the configured targets of accounts with `cloudwatch`, in the order of the file. */
export function cloudwatchTargets({ accounts }: Pick<Config, 'accounts'>): readonly CloudwatchTarget[] {
  return accounts.flatMap(({ name, regions, cloudwatch: settings }) =>
    settings === undefined ? [] : regions.map((region) => ({ account: name, region, settings })),
  );
}
