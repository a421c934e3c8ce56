import { parseXML } from '@aws-sdk/xml-builder';
import { HttpRequest } from '@smithy/core/protocols';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { partitionOfRegion } from '../config/regions.ts';
import { InvalidResponse } from './errors.ts';
import { readItems, readMembers, readText } from './response-members.ts';
import type { TargetClientOptions } from './sdk.ts';

/** An availability zone of a region, as an AWS account names it. */
export interface Zone {
  /** The same in all AWS accounts, for example `use1-az1`. */
  readonly id: string;
  /** For example `us-east-1a`. Another account may have another name for the zone. */
  readonly name: string;
}

export interface ZonesRequest extends Pick<TargetClientOptions, 'credentials' | 'handler'> {
  readonly account: string;
  readonly region: string;
  /** URL without `{region}`. Undefined: that of EC2 in the region. */
  readonly endpoint: string | undefined;
  /** Milliseconds since the epoch, for the signature. */
  readonly now: number;
}

const ZONES_OPERATION = 'DescribeAvailabilityZones';

/**
 * Returns the zones of a region. Makes one attempt. Signs the one request itself: the SDK's client of EC2 takes six
 * times as long to load (docs/decisions/015-own-ec2-request.md).
 * @throws CredentialsUnavailable, InvalidResponse, errors of the network, and errors with the name of EC2
 */
export async function describeZones(request: ZonesRequest, signal: AbortSignal): Promise<readonly Zone[]> {
  const { account, region, credentials, handler, now } = request;
  const { hostname, port, protocol, pathname } = new URL(endpointOf(request));
  const signer = new SignatureV4({
    service: 'ec2',
    region,
    credentials: await credentials.get(`${account} ${region}`),
    sha256: Hash.bind(null, 'sha256'),
  });
  const signed = await signer.sign(
    new HttpRequest({
      method: 'POST',
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: pathname,
      headers: {
        host: port === '' ? hostname : `${hostname}:${port}`,
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      },
      body: `Action=${ZONES_OPERATION}&Version=2016-11-15`,
    }),
    { signingDate: new Date(now) },
  );
  const { response } = await handler.handle(new HttpRequest(signed), { abortSignal: signal });
  // The handler has received the body completely.
  const text = Buffer.from(response.body).toString('utf8');
  return response.statusCode === 200 ? readZones(text) : refuse(response.statusCode, text);
}

function endpointOf({ region, endpoint }: ZonesRequest): string {
  const suffix = partitionOfRegion(region) === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return endpoint ?? `https://ec2.${region}.${suffix}/`;
}

/** @throws InvalidResponse */
function readZones(text: string): readonly Zone[] {
  const response = readMembers(parsed(text)[`${ZONES_OPERATION}Response`], 'response');
  const { item } = readMembers(response['availabilityZoneInfo'], 'availabilityZoneInfo');
  return readItems([item ?? []].flat(), 'availabilityZoneInfo', (zone, path): Zone => {
    const members = readMembers(zone, path);
    const [id, name] = ['zoneId', 'zoneName'].map((key) => readText(members[key], `${path}.${key}`) ?? '');
    return { id: id ?? '', name: name ?? '' };
  }).filter(({ id, name }) => id !== '' && name !== '');
}

/** @throws Error with the name of the error response */
function refuse(status: number, text: string): never {
  const [, code] = /<Code>([\w.]{1,100})<\/Code>/.exec(text) ?? [];
  const [, message = ''] = /<Message>([^<]{0,500})/.exec(text) ?? [];
  const error = new Error(message || `the response has the status ${status}`);
  throw Object.assign(error, { name: code ?? 'UnknownError', $metadata: { httpStatusCode: status, attempts: 1 } });
}

/** @throws InvalidResponse */
function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return readMembers(parseXML(text), 'response');
  } catch (cause) {
    throw new InvalidResponse(`the response is not XML: ${cause instanceof Error ? cause.message : cause}`);
  }
}
