import { afterEach, expect, test } from 'vitest';
import { parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import { expectError, scopedTo, send } from './raw-client.ts';

let simulator: Simulator;

async function start(scenario = ''): Promise<void> {
  simulator = await startSimulator({ scenario: parseScenario(scenario) });
}
afterEach(() => simulator.close());

test.each([
  ['us-east-1', 'aws'],
  ['eu-west-1', 'aws'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['cn-north-1', 'aws-cn'],
])('has monitors of each status and one scope in %s without a scenario', async (region, partition) => {
  await start();
  const headers = scopedTo(region);
  const { monitors } = (await send(simulator, 'GET', '/monitors', { headers })).json;
  const prefix = `arn:${partition}:networkflowmonitor:${region}:123456789012`;
  expect(monitors).toContainEqual({
    monitorArn: `${prefix}:monitor/checkout`,
    monitorName: 'checkout',
    monitorStatus: 'ACTIVE',
  });
  const statuses = Array.isArray(monitors) ? monitors.map((monitor) => monitor.monitorStatus) : [];
  expect(new Set(statuses)).toEqual(new Set(['ACTIVE', 'INACTIVE', 'PENDING', 'ERROR', 'DELETING']));
  const { scopes } = (await send(simulator, 'GET', '/scopes', { headers })).json;
  expect(scopes).toEqual([
    {
      scopeId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      status: 'SUCCEEDED',
      scopeArn: expect.stringMatching(`^${prefix}:scope/`),
    },
  ]);
});

test('uses us-east-1 for requests without a region', async () => {
  await start();
  expect((await send(simulator, 'GET', '/monitors/checkout')).json['monitorArn']).toContain(':us-east-1:');
});

test('lists the monitors of one status', async () => {
  await start();
  const { json } = await send(simulator, 'GET', '/monitors?monitorStatus=ERROR');
  expect(json['monitors']).toMatchObject([{ monitorName: 'legacy' }]);
  expectError(await send(simulator, 'GET', '/monitors?monitorStatus=BROKEN'), 'ValidationException', 400);
});

test('rejects a token of another list', async () => {
  await start();
  const { json } = await send(simulator, 'GET', '/monitors?maxResults=1&monitorStatus=ACTIVE');
  const token = String(json['nextToken']);
  expectError(await send(simulator, 'GET', `/monitors?nextToken=${token}`), 'ValidationException', 400);
  const next = await send(simulator, 'GET', `/monitors?maxResults=1&monitorStatus=ACTIVE&nextToken=${token}`);
  expect(next.json['monitors']).toMatchObject([{ monitorName: 'prod-orders' }]);
});

test('returns the tags of the monitor or scope of an ARN', async () => {
  await start();
  const tagsOf = async (arn: string) => send(simulator, 'GET', `/tags/${encodeURIComponent(arn)}`);
  const { json } = await send(simulator, 'GET', '/monitors/checkout');
  expect((await tagsOf(String(json['monitorArn']))).json).toEqual({ tags: json['tags'] });
  const scopeArn = /"scopeArn":"([^"]+)"/.exec((await send(simulator, 'GET', '/scopes')).text)?.[1] ?? '';
  expect((await tagsOf(scopeArn)).json).toEqual({ tags: { env: 'prod' } });
  // An ARN of another region is unknown, and one that was encoded twice is invalid.
  expectError(await tagsOf(scopeArn.replace('us-east-1', 'eu-west-1')), 'ResourceNotFoundException', 404);
  expectError(await tagsOf(encodeURIComponent(scopeArn)), 'ValidationException', 400);
});

test('reads the monitors and scopes of each account and region from a scenario', async () => {
  await start(`
    accounts:
      - id: "111122223333"
        regions:
          eu-west-1:
            monitors:
              - {name: one, status: INACTIVE, tags: {a: b}, createdAt: 1700000000.5}
            scopes: [{scopeId: org, status: IN_PROGRESS, accounts: ["111122223333", "444455556666"]}]
          eu-west-2: {}
  `);
  const get = async (path: string, region: string) =>
    (await send(simulator, 'GET', path, { headers: scopedTo(region) })).json;
  expect(await get('/monitors/one', 'eu-west-1')).toMatchObject({
    monitorArn: 'arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/one',
    monitorStatus: 'INACTIVE',
    createdAt: 1_700_000_000.5,
    tags: { a: 'b' },
  });
  const target = (accountId: string) => ({
    targetIdentifier: { targetId: { accountId }, targetType: 'ACCOUNT' },
    region: 'eu-west-1',
  });
  expect(await get('/scopes/org', 'eu-west-1')).toEqual({
    scopeId: 'org',
    status: 'IN_PROGRESS',
    scopeArn: 'arn:aws:networkflowmonitor:eu-west-1:111122223333:scope/org',
    targets: [target('111122223333'), target('444455556666')],
    tags: {},
  });
  // An empty region in the scenario is like one without a scenario; all other regions have no resources.
  expect((await get('/monitors', 'eu-west-2'))['monitors']).toHaveLength(8);
  expect(await get('/monitors', 'us-east-1')).toEqual({ monitors: [] });
  expect(await get('/scopes', 'us-east-1')).toEqual({ scopes: [] });
});

test('adds and removes monitors of one region by setMonitors', async () => {
  await start();
  const names = async (region: string) =>
    [
      ...(await send(simulator, 'GET', '/monitors', { headers: scopedTo(region) })).text.matchAll(
        /"monitorName":"([^"]+)"/g,
      ),
    ].map((match) => match[1]);
  const before = (await send(simulator, 'GET', '/scopes')).text;
  simulator.setMonitors('123456789012', 'us-east-1', [{ name: 'new', status: 'PENDING', tags: new Map() }]);
  expect(await names('us-east-1')).toEqual(['new']);
  expect(await names('eu-west-1')).toContain('checkout');
  expectError(await send(simulator, 'GET', '/monitors/checkout'), 'ResourceNotFoundException', 404);
  expect((await send(simulator, 'GET', '/scopes')).text).toBe(before);
});

test.each([
  ['/monitors/a%20b', /'monitorName' .* satisfy regular expression pattern/],
  [`/monitors/${'a'.repeat(256)}`, /'monitorName' .* length less than or equal to 255/],
  ['/tags/arn%3Ashort', /'resourceArn' .* length greater than or equal to 20/],
  ['/tags/no-arn-though-it-is-long-enough', /'resourceArn' .* satisfy regular expression pattern/],
  [`/tags/arn:${'a'.repeat(2045)}`, /'resourceArn' .* length less than or equal to 2048/],
  ['/scopes/%E0%A4%A', /invalid percent-encoding/],
])('returns a ValidationException for a label that violates its constraint: %s', async (path, message) => {
  await start();
  const reply = await send(simulator, 'GET', path);
  expectError(reply, 'ValidationException', 400);
  expect(reply.json['message']).toMatch(message);
});

test('describes itself at the root', async () => {
  await start();
  const { status, text } = await send(simulator, 'GET', '/');
  expect(status).toBe(200);
  expect(text).toContain('Simulator of AWS Network Flow Monitor');
});
