import type { StaticUnionSchema } from '@smithy/types';
import { command } from '../command.ts';
import type {
  GetScopeCommandInput,
  GetScopeCommandOutput,
  ListScopesCommandInput,
  ListScopesCommandOutput,
} from '../models/scopes.ts';
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

/** Reads a scope: the accounts whose traffic is included. */
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

/** Lists the account's scopes in the Region, one page per call. */
export class ListScopesCommand extends command<ListScopesCommandInput, ListScopesCommandOutput>(ListScopes) {}
