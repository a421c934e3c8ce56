import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';

/** Every label of the exporter's metrics. */
const TAKEN = `
  query query_type query_group query_id account aws_region monitor scope_id metric_name destination_category source
  status operation error outcome mirror series state kind aws_account_id arn version revision node_version file zone_id zone_name
  local_ip snat_ip local_instance_id local_vpc_id local_region local_az local_subnet_id target_port
  remote_ip dnat_ip remote_instance_id remote_vpc_id remote_region remote_az remote_subnet_id
  account_id remote_identifier
  local_service_name local_pod_name local_pod_namespace remote_service_name remote_pod_name remote_pod_namespace
`;

const load = (labels: Record<string, unknown>) => {
  const queries = [{ name: 'a', monitorName: 'm', queryId: 'q', region: 'eu-west-1', labels }];
  return loadConfig(JSON.stringify({ queries }), { file: 'x', env: {}, fallbackRegion: async () => undefined });
};

describe('user-defined labels', () => {
  it('accepts labels with any unused name and any text', async () => {
    const labels = {
      team: 'a',
      _x: 'line\nbreak "quoted" \\ é',
      Account: 'b',
      jobs: 'c',
      exported: 'd',
      constructor: 'e',
    };
    const { queries, warnings } = await load(labels);
    expect(queries[0]?.labels).toEqual(labels);
    expect(warnings).toEqual([]);
  });

  it.each([
    ...TAKEN.trim().split(/\s+/),
    'job',
    'instance',
    'le',
    'quantile',
    '__name__',
    '__x',
    'exported_',
    'exported_x',
    '9a',
    'é',
    '',
  ])('rejects a label with the name %j', async (name) => {
    const error = await load({ [name]: 'x' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ problems: [{ got: `the label ${JSON.stringify(name)}` }] });
  });

  it.each(['env', 'cluster', 'namespace', 'service', 'pod', 'region', 'zone'])(
    'warns of a label with the name %s',
    async (name) => {
      const { queries, warnings } = await load({ [name]: 'x' });
      expect(queries[0]?.labels).toEqual({ [name]: 'x' });
      expect(warnings.map(({ message }) => message)).toEqual([
        `queries[0].labels.${name} (line 1): got the label "${name}", expected a name that scrape targets rarely have: Prometheus may rename it to exported_${name}`,
      ]);
    },
  );
});
