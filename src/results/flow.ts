import { groupBy } from '../lib/group-by.ts';

/** One end of a flow, in texts for people. Empty texts: unknown. */
export interface FlowEnd {
  /** Kubernetes service or pod with its namespace, else the address, instance, subnet, or whatever identifies the end. */
  readonly name: string;
  readonly ip: string;
  readonly zone: string;
  /** Pod, instance, or subnet, unless it is the name. */
  readonly host: string;
}

export interface Flow {
  readonly local: FlowEnd;
  readonly remote: FlowEnd;
  /** Port of the remote end; undefined if unknown, and for mirror rows. */
  readonly port: number | undefined;
  /** Whether the row is the remote end's view of a connection. */
  readonly mirror: boolean;
}

type Row = Readonly<Record<string, unknown>>;

export function flowOf(row: Row): Flow {
  const port = row['targetPort'];
  return {
    local: endOf(row, 'local', text(row, 'accountId')),
    remote: endOf(row, 'remote', text(row, 'remoteIdentifier')),
    port: typeof port === 'number' && port > 0 ? port : undefined,
    mirror: port === 0,
  };
}

function endOf(row: Row, side: 'local' | 'remote', other: string): FlowEnd {
  const kubernetes: Row = Object(row['kubernetesMetadata']);
  const namespace = text(kubernetes, `${side}PodNamespace`);
  const qualified = (name: string) => (name === '' || namespace === '' ? name : `${namespace}/${name}`);
  const service = qualified(text(kubernetes, `${side}ServiceName`));
  const pod = text(kubernetes, `${side}PodName`);
  const ip = text(row, `${side}Ip`);
  const instance = text(row, `${side}InstanceId`);
  const subnet = text(row, `${side}SubnetId`);
  const last = other || text(row, `${side}VpcId`) || text(row, `${side}Region`) || text(row, 'destinationCategory');
  const name = [service, qualified(pod), ip, instance, subnet].find((each) => each !== '') ?? last;
  const host =
    name === service ? pod || instance : name === qualified(pod) || name === ip ? instance || subnet : subnet;
  return { name, ip, zone: text(row, `${side}Az`), host: host === name ? '' : host };
}

function text(row: Row, field: string): string {
  const value = row[field];
  return typeof value === 'string' ? value : '';
}

/** An item, with the mirror row that was merged into it. */
export interface MergedFlow<Item> {
  readonly item: Item;
  readonly mirror: Item | undefined;
}

/**
 * Merges each mirror row into the row of the same connection from its other end, the one with the ends exchanged. Mirror
 * rows without such a row are kept, because nothing else shows their flows.
 */
export function mergeMirrors<Item extends { readonly flow: Flow }>(items: readonly Item[]): MergedFlow<Item>[] {
  const mirrored = items.filter(({ flow }) => flow.mirror);
  const mirrors = groupBy(mirrored, ({ flow }) => endsKey(flow.remote, flow.local));
  const rows = items.filter(({ flow }) => !flow.mirror);
  const twins = new Set(rows.map(({ flow }) => endsKey(flow.local, flow.remote)));
  // The first row of a connection gets its first mirror row, and so on.
  const merged = rows.map((item) => ({
    item,
    mirror: mirrors.get(endsKey(item.flow.local, item.flow.remote))?.shift(),
  }));
  const alone = mirrored.filter(({ flow }) => !twins.has(endsKey(flow.remote, flow.local)));
  return [...merged, ...alone.map((item) => ({ item, mirror: undefined }))];
}

function endsKey(local: FlowEnd, remote: FlowEnd): string {
  return JSON.stringify([local.ip || local.name, remote.ip || remote.name]);
}
