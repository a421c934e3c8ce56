import type { MetadataBearer, StaticUnionSchema } from '@smithy/types';
import { command } from '../command.ts';
import type { GetScopeInput, GetScopeOutput, ListScopesInput, ListScopesOutput } from '../models/scopes.ts';
import { inQuery, LABEL, list, NAMESPACE, NUMBER, operation, structure, TAG_MAP, TEXT } from '../shapes.ts';

const TargetId: StaticUnionSchema = [4, NAMESPACE, 'TargetId', 0, ['accountId'], [TEXT]];

const GetScope = operation(
  'GetScope',
  ['GET', '/scopes/{scopeId}'],
  { scopeId: LABEL },
  {
    scopeId: TEXT,
    status: TEXT,
    scopeArn: TEXT,
    targets: list(
      'TargetResourceList',
      structure('TargetResource', {
        targetIdentifier: structure('TargetIdentifier', { targetId: TargetId, targetType: TEXT }),
        region: TEXT,
      }),
    ),
    tags: TAG_MAP,
  },
);

export interface GetScopeCommandInput extends GetScopeInput {}
export interface GetScopeCommandOutput extends GetScopeOutput, MetadataBearer {}

/** Reads a scope: the accounts whose traffic is seen. */
export class GetScopeCommand extends command<GetScopeCommandInput, GetScopeCommandOutput>(GetScope) {}

const ListScopes = operation(
  'ListScopes',
  ['GET', '/scopes'],
  { nextToken: inQuery('nextToken', TEXT), maxResults: inQuery('maxResults', NUMBER) },
  {
    scopes: list('ScopeSummaryList', structure('ScopeSummary', { scopeId: TEXT, status: TEXT, scopeArn: TEXT })),
    nextToken: TEXT,
  },
);

export interface ListScopesCommandInput extends ListScopesInput {}
export interface ListScopesCommandOutput extends ListScopesOutput, MetadataBearer {}

/** Lists the account's scopes in the Region, a page at a time. */
export class ListScopesCommand extends command<ListScopesCommandInput, ListScopesCommandOutput>(ListScopes) {}
