import type { Account, Monitor, Region, Scope } from './account.ts';
import { arn, uuidOf } from './names.ts';
import { type Place, subnetOf, vpcOf } from './network.ts';
import { createRandom } from './random.ts';
import type { MonitorStatus, ScopeStatus } from './vocabulary.ts';

/** A monitor as GetMonitor tells it, times in seconds since the Unix epoch. */
export interface MonitorRecord {
  monitorArn: string;
  monitorName: string;
  monitorStatus: MonitorStatus;
  localResources: readonly Resource[];
  remoteResources: readonly Resource[];
  createdAt: number;
  modifiedAt: number;
  tags: Readonly<Record<string, string>>;
}

interface Resource {
  type: string;
  identifier: string;
}

/** A scope as GetScope tells it. */
export interface ScopeRecord {
  scopeId: string;
  status: ScopeStatus;
  scopeArn: string;
  targets: readonly {
    targetIdentifier: { targetId: { accountId: string }; targetType: 'ACCOUNT' };
    region: string;
  }[];
  tags: Readonly<Record<string, string>>;
}

/** The monitors and scopes of one account in one region, by name and id. */
export interface RegionInventory {
  monitors: ReadonlyMap<string, MonitorRecord>;
  scopes: ReadonlyMap<string, ScopeRecord>;
}

export interface Inventory {
  of(account: string, region: string): RegionInventory;
  /** Replaces all monitors of one account in one region. */
  setMonitors(account: string, region: string, monitors: readonly Monitor[]): void;
}

const monitor = (name: string, status: MonitorStatus, tags: Record<string, string>): Monitor => ({
  name,
  status,
  tags: new Map(Object.entries(tags)),
});

const DEFAULT_MONITORS: readonly Monitor[] = [
  monitor('checkout', 'ACTIVE', { env: 'prod', team: 'payments' }),
  monitor('prod-orders', 'ACTIVE', { env: 'prod', team: 'orders' }),
  monitor('prod-search', 'ACTIVE', { env: 'prod', team: 'search' }),
  monitor('staging-checkout', 'ACTIVE', { env: 'staging', team: 'payments' }),
  monitor('batch', 'INACTIVE', { env: 'prod', team: 'data' }),
  monitor('edge', 'PENDING', {}),
  monitor('legacy', 'ERROR', { env: 'prod' }),
  monitor('old-search', 'DELETING', { env: 'staging', team: 'search' }),
];
const DEFAULT_SCOPES: readonly Scope[] = [{ status: 'SUCCEEDED', tags: new Map([['env', 'prod']]) }];

/** Regions are made when they are first asked for: any region name works. */
export function createInventory(accounts: readonly Account[], seed: string): Inventory {
  const made = new Map<string, RegionInventory>();
  const inventory: Inventory = {
    of(account, region) {
      const key = `${account}/${region}`;
      let found = made.get(key);
      if (!found) {
        found = makeRegion({ seed, account, region }, declared(accounts, account, region));
        made.set(key, found);
      }
      return found;
    },
    setMonitors(account, region, monitors) {
      const { scopes } = inventory.of(account, region);
      made.set(`${account}/${region}`, { scopes, monitors: makeMonitors({ seed, account, region }, monitors) });
    },
  };
  return inventory;
}

/** What the scenario says of a region; a region that an account with `regions` does not name is empty. */
function declared(accounts: readonly Account[], id: string, region: string): Region {
  const regions = accounts.find((account) => account.id === id)?.regions;
  return regions ? (regions.get(region) ?? { monitors: [], scopes: [] }) : {};
}

function makeRegion(place: Place, region: Region): RegionInventory {
  const scopes = (region.scopes ?? DEFAULT_SCOPES).map((scope, i) => makeScope(place, scope, i));
  return {
    monitors: makeMonitors(place, region.monitors ?? DEFAULT_MONITORS),
    scopes: new Map(scopes.map((scope) => [scope.scopeId, scope])),
  };
}

function makeMonitors(place: Place, monitors: readonly Monitor[]): ReadonlyMap<string, MonitorRecord> {
  return new Map(monitors.map((declaration) => [declaration.name, makeMonitor(place, declaration)]));
}

function makeMonitor(place: Place, { name, status, tags, createdAt }: Monitor): MonitorRecord {
  const { account, region } = place;
  const random = createRandom([place.seed, account, region, 'monitor', name].join('/'));
  const created = createdAt ?? random.integer(1_740_000_000, 1_760_000_000) + random.integer(0, 999) / 1000;
  const vpc = vpcOf(place, 0);
  return {
    monitorArn: arn('networkflowmonitor', region, account, `monitor/${name}`),
    monitorName: name,
    monitorStatus: status,
    localResources: [
      { type: 'AWS::EC2::VPC', identifier: vpc.arn },
      { type: 'AWS::EC2::Subnet', identifier: subnetOf(place, vpcOf(place, 1), 0).arn },
    ],
    // None stands for every destination, as for most monitors that people make.
    remoteResources: random.chance(0.5)
      ? []
      : [
          { type: 'AWS::AvailabilityZone', identifier: `${region}${random.pick(['a', 'b'])}` },
          { type: 'AWS::AWSService', identifier: 'S3' },
        ],
    createdAt: created,
    modifiedAt: created + random.integer(0, 1_000_000),
    tags: Object.fromEntries(tags),
  };
}

function makeScope(place: Place, scope: Scope, index: number): ScopeRecord {
  const { account, region } = place;
  const random = createRandom([place.seed, account, region, 'scope', index].join('/'));
  const scopeId = scope.scopeId ?? uuidOf(random.hex(32), '4');
  return {
    scopeId,
    status: scope.status,
    scopeArn: arn('networkflowmonitor', region, account, `scope/${scopeId}`),
    targets: (scope.accounts ?? [account]).map((accountId) => ({
      targetIdentifier: { targetId: { accountId }, targetType: 'ACCOUNT' },
      region,
    })),
    tags: Object.fromEntries(scope.tags),
  };
}
