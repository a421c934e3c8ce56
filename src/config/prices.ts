import { KNOWN_CATEGORIES } from '../model/vocabulary.ts';
import { category, price, region } from './formats.ts';
import type { Format } from './reading/formats.ts';
import { didYouMean } from './reading/nearest.ts';
import { type ConfigNode, keyPath, quote } from './reading/nodes.ts';
import type { Reading } from './reading/reading.ts';
import { optionalKey, readSection } from './reading/section.ts';
import { expectedInstead, isKnownRegion, partitionOfRegion } from './regions.ts';
import { PRICES } from './schema.ts';

/** Dollars per gigabyte of transferred data, by destination category. */
type PriceList = Readonly<Record<string, number>>;

export interface Prices {
  readonly gigabyte: number;
  readonly everywhere: PriceList;
  /** Prices by region, which replace those of `everywhere` with the same category. */
  readonly regions: Readonly<Record<string, PriceList>>;
}

/** The list price of data between zones in the partition `aws`: a cent at each end. Other partitions have other prices. */
const LIST_PRICES: PriceList = { INTER_AZ: 0.02 };

/** Returns the categories that have a price in a region, with dollars per byte. */
export function pricesIn(
  region: string,
  { gigabyte, everywhere, regions }: Prices,
): readonly (readonly [category: string, dollarsPerByte: number])[] {
  const defaults = partitionOfRegion(region) === 'aws' ? LIST_PRICES : {};
  const list = { ...defaults, ...everywhere, ...regions[region] };
  return Object.entries(list).map(([category, dollars]) => [category, dollars / gigabyte]);
}

export function readPrices(node: ConfigNode | undefined, reading: Reading): Prices {
  const map = reading.map('prices', node, 'a mapping with gigabyte, dollarsPerGigabyte, or regions');
  const { values } = readSection(map, 'prices', PRICES, reading, ['dollarsPerGigabyte', 'regions']);
  const nodeOf = (key: string) => map.entries.get(key)?.value;
  const everywhere = readPriceList(nodeOf('dollarsPerGigabyte'), 'prices.dollarsPerGigabyte', reading);
  const regions = readNamed(nodeOf('regions'), 'prices.regions', REGION, reading);
  return {
    gigabyte: values.gigabyte,
    everywhere,
    regions: Object.fromEntries(regions.map(({ name, path, node }) => [name, readPriceList(node, path, reading)])),
  };
}

function readPriceList(node: ConfigNode | undefined, path: string, reading: Reading): PriceList {
  const named = readNamed(node, path, CATEGORY, reading);
  const key = optionalKey('Dollars per gigabyte', price);
  const schema = Object.fromEntries(named.map(({ name }) => [name, key]));
  const entries = new Map(named.map(({ name, line, node: value }) => [name, { keyLine: line, value }]));
  const { values } = readSection({ kind: 'map', line: node?.line ?? 1, entries }, path, schema, reading);
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, dollars]) => (dollars === undefined ? [] : [[name, dollars]])),
  );
}

/** The keys of a mapping that the user names. */
interface Names {
  readonly what: string;
  /** What the mapping is, for errors. */
  readonly mapping: string;
  readonly format: Format<string>;
  /** Returns the expectation for a name of the right form that is unknown; undefined for a known one. */
  expectedInsteadOf(name: string): string | undefined;
}

const REGION: Names = {
  what: 'region',
  mapping: 'a mapping of Regions to prices',
  format: region,
  expectedInsteadOf: (name) => (isKnownRegion(name) ? undefined : expectedInstead(name)),
};

const CATEGORY: Names = {
  what: 'category',
  mapping: 'a mapping of destination categories to prices',
  format: category,
  expectedInsteadOf: (name) =>
    KNOWN_CATEGORIES.some((known) => known === name)
      ? undefined
      : `one of ${KNOWN_CATEGORIES.join(', ')}${didYouMean(name, KNOWN_CATEGORIES)}`,
};

/** Returns the entries of a mapping. Reports and omits invalid names, and warns of unknown ones. */
function readNamed(node: ConfigNode | undefined, path: string, names: Names, reading: Reading) {
  return [...reading.map(path, node, names.mapping).entries].flatMap(([name, { keyLine, value }]) => {
    const named = { name, path: keyPath(path, name), line: keyLine, node: value };
    const got = `the ${names.what} ${quote(name)}`;
    const [mismatch] = names.format.mismatches(name);
    if (mismatch !== undefined) {
      reading.report(named.path, keyLine, got, mismatch.expected);
      return [];
    }
    const expected = names.expectedInsteadOf(name);
    if (expected !== undefined) {
      reading.warn(named.path, keyLine, got, expected);
    }
    return [named];
  });
}
