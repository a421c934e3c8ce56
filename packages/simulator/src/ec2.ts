import { zonesOf } from './network.ts';
import type { Reply } from './reply.ts';

export const ZONES_OPERATION = 'DescribeAvailabilityZones';

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** The availability zones of a region. As with AWS, names depend on the account: they differ if its ID ends in 8 or 9. */
export function zonesReply(account: string, region: string, requestId: string): Reply {
  const zones = zonesOf(region);
  const shift = /[89]$/.test(account) ? 1 : 0;
  const items = zones.map((id, index) => {
    const letter = 'abcdef'.charAt((index + shift) % zones.length);
    return `<item><optInStatus>opt-in-not-required</optInStatus><zoneName>${region}${letter}</zoneName><zoneId>${id}</zoneId><zoneState>available</zoneState><regionName>${region}</regionName><messageSet><item><message>${id} is available.</message></item></messageSet></item>`;
  });
  return {
    status: 200,
    headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-RequestId': requestId },
    body: `<${ZONES_OPERATION}Response xmlns="${NAMESPACE}"><requestId>${requestId}</requestId><availabilityZoneInfo>${items.join('')}</availabilityZoneInfo></${ZONES_OPERATION}Response>\n`,
  };
}
