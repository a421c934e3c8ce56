import type { MetadataBearer } from '@smithy/types';
import type { ScopeStatus, TargetType } from './enums.ts';

/** A union with one member. A member that the model lacks is passed on as `$unknown`: name and value. */
export type TargetId = { accountId: string; $unknown?: never } | { accountId?: never; $unknown: [string, unknown] };

export interface TargetIdentifier {
  targetId: TargetId | undefined;
  targetType: TargetType | undefined;
}

/** An account in a Region whose traffic a scope includes. */
export interface TargetResource {
  targetIdentifier: TargetIdentifier | undefined;
  region: string | undefined;
}

export interface ScopeSummary {
  scopeId: string | undefined;
  status: ScopeStatus | undefined;
  scopeArn: string | undefined;
}

export interface GetScopeInput {
  scopeId: string | undefined;
}

export interface GetScopeOutput {
  scopeId: string | undefined;
  status: ScopeStatus | undefined;
  scopeArn: string | undefined;
  targets: TargetResource[] | undefined;
  tags?: Record<string, string> | undefined;
}

export interface GetScopeCommandInput extends GetScopeInput {}
export interface GetScopeCommandOutput extends GetScopeOutput, MetadataBearer {}

export interface ListScopesInput {
  nextToken?: string | undefined;
  /** Scopes per page, from 1 to 25. */
  maxResults?: number | undefined;
}

export interface ListScopesOutput {
  scopes: ScopeSummary[] | undefined;
  /** Token of the next page; none after the last one. */
  nextToken?: string | undefined;
}

export interface ListScopesCommandInput extends ListScopesInput {}
export interface ListScopesCommandOutput extends ListScopesOutput, MetadataBearer {}
