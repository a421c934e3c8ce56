import { createHash } from 'node:crypto';

/** The ARN partition of a region. */
function partitionOf(region: string): string {
  return region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

export function arn(service: string, region: string, account: string, resource: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${account}:${resource}`;
}

/** The short form of a region in its zones' ids: us-east-1 gives use1, ap-northeast-1 gives apne1. */
export function zonePrefix(region: string): string {
  const [area = '', ...rest] = region.split('-');
  return area + rest.map((word) => (/^\d+$/.test(word) ? word : directionLetters(word))).join('');
}

function directionLetters(word: string): string {
  const second = /^(?:north|south)(east|west)$/.exec(word)?.[1] ?? '';
  return word.charAt(0) + second.charAt(0);
}

/**
 * A UUID of version 3, the MD5 of `name`: such are the query ids in the service's own samples, which hints that they
 * are made from what was asked.
 */
export function nameUuid(name: string): string {
  return uuidOf(createHash('md5').update(name).digest('hex'), '3');
}

/** A UUID from 32 hexadecimal digits, with the version and variant digits put in. */
export function uuidOf(hex: string, version: '3' | '4'): string {
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    version + hex.slice(13, 16),
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}
