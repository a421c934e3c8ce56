import { arn, type Place, subnetOf, vpcOf } from './network.ts';
import { Random, uuidOf } from './random.ts';
import type { Account, Monitor, Region, Scope } from './schema.ts';

/** A monitor as GetMonitor returns it, times in seconds since the Unix epoch. */
export type MonitorRecord = ReturnType<typeof makeMonitor>;
/** A scope as GetScope returns it. */
export type ScopeRecord = ReturnType<typeof makeScope>;

/** The monitors and scopes of one account in one region, by name and id. */
export interface RegionInventory {
  monitors: ReadonlyMap<string, MonitorRecord>;
  scopes: ReadonlyMap<string, ScopeRecord>;
}

const monitor = (name: string, status: Monitor['status'], tags: Record<string, string>): Monitor => ({
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

/** All monitors and scopes. Regions are created on their first use, with any name. */
export class Inventory {
  readonly #accounts: readonly Account[];
  readonly #seed: string;
  readonly #made = new Map<string, RegionInventory & { place: Place }>();

  constructor(accounts: readonly Account[], seed: string) {
    this.#accounts = accounts;
    this.#seed = seed;
  }

  of(account: string, region: string): RegionInventory {
    const known = this.#made.get(`${account}/${region}`);
    if (known) {
      return known;
    }
    const place = { seed: this.#seed, account, region };
    const declared = this.#declared(account, region);
    const scopes = (declared.scopes ?? DEFAULT_SCOPES).map((scope, i) => makeScope(place, scope, i));
    const made = {
      place,
      monitors: makeMonitors(place, declared.monitors ?? DEFAULT_MONITORS),
      scopes: new Map(scopes.map((scope) => [scope.scopeId, scope])),
    };
    this.#made.set(`${account}/${region}`, made);
    return made;
  }

  /** Returns the accounts and regions that have been used. */
  used(): Place[] {
    return Array.from(this.#made.values(), ({ place }) => place);
  }

  setMonitors(account: string, region: string, monitors: readonly Monitor[]): void {
    const place = { seed: this.#seed, account, region };
    const { scopes } = this.of(account, region);
    this.#made.set(`${account}/${region}`, { place, scopes, monitors: makeMonitors(place, monitors) });
  }

  /** The region in the scenario. If the account has `regions`, all other regions are empty. */
  #declared(id: string, region: string): Region {
    const regions = this.#accounts.find((account) => account.id === id)?.regions;
    return regions ? (regions.get(region) ?? { monitors: [], scopes: [] }) : {};
  }
}

function makeMonitors(place: Place, monitors: readonly Monitor[]): RegionInventory['monitors'] {
  return new Map(monitors.map((declaration) => [declaration.name, makeMonitor(place, declaration)]));
}

function makeMonitor(place: Place, { name, status, tags, createdAt }: Monitor) {
  const { account, region } = place;
  const random = new Random([place.seed, account, region, 'monitor', name].join('/'));
  const created = createdAt ?? random.integer(1_740_000_000, 1_760_000_000) + random.integer(0, 999) / 1000;
  return {
    monitorArn: arn('networkflowmonitor', region, account, `monitor/${name}`),
    monitorName: name,
    monitorStatus: status,
    localResources: [
      { type: 'AWS::EC2::VPC', identifier: vpcOf(place, 0).arn },
      { type: 'AWS::EC2::Subnet', identifier: subnetOf(place, vpcOf(place, 1), 0).arn },
    ],
    // An empty list means all destinations, as for most monitors of users.
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

function makeScope(place: Place, scope: Scope, index: number) {
  const { account, region } = place;
  const random = new Random([place.seed, account, region, 'scope', index].join('/'));
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
