import type { TargetHealth } from '../http/app-options.ts';
import type { ExporterState } from './exporter-state.ts';

/** Returns the health of each account and Region in use. */
export function targetHealth({ api, failures }: Pick<ExporterState, 'api' | 'failures'>): TargetHealth[] {
  return Array.from(api.all(), ({ target, up, identity }) => ({
    account: target.account,
    region: target.region,
    up,
    budget: { rate: target.budget.rate, limit: target.budget.limit },
    credentialsError: failures.credentials.causeOf(target),
    identity: identity?.arn,
  }));
}
