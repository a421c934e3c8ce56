import { ROW_LABELS } from '../../model/vocabulary.ts';
import { type ConfigNode, keyPath, quote, quotingHint } from '../reading/config-node.ts';
import type { Reading } from '../reading/reading.ts';

/**
 * Labels that the exporter's own metrics carry. A label of the user's is refused under each of these names, not only
 * under those of `aws_nfm_query_info`: joins bring labels of one metric to another.
 */
const METRIC_LABELS: ReadonlySet<string> = new Set([
  // Queries
  'query',
  'query_type',
  'query_group',
  'query_id',
  'account',
  'aws_region',
  'monitor',
  'scope_id',
  'metric_name',
  'destination_category',
  'source',
  'status',
  'operation',
  'error',
  'outcome',
  // Contributors: the rows' fields
  'mirror',
  'series',
  ...ROW_LABELS,
  // API, inventory and the exporter itself
  'state',
  'aws_account_id',
  'arn',
  'kind',
  'version',
  'revision',
  'node_version',
  'file',
]);

/** Labels that Prometheus itself gives a meaning to. */
const PROMETHEUS_LABELS: ReadonlySet<string> = new Set(['job', 'instance', 'le', 'quantile']);

/** Labels that scrape configs commonly put on targets; Prometheus then renames the metric's own to `exported_…`. */
const COMMON_TARGET_LABELS: ReadonlySet<string> = new Set([
  'env',
  'cluster',
  'namespace',
  'service',
  'pod',
  'region',
  'zone',
]);

interface LabelFault {
  readonly severity: 'error' | 'warning';
  readonly expected: string;
}

/** Reads a mapping of the user's labels. Those with a fault are reported and left out. */
export function readLabels(node: ConfigNode, path: string, reading: Reading): Readonly<Record<string, string>> {
  const labels: [string, string][] = [];
  const { entries } = reading.map(path, node, 'a mapping of label names to text');
  for (const [name, { keyLine, value }] of entries) {
    const labelPath = keyPath(path, name);
    const fault = findLabelFault(name);
    if (fault?.severity === 'error') {
      reading.report(labelPath, keyLine, `the label ${quote(name)}`, fault.expected);
    } else if (fault !== undefined) {
      reading.warn(labelPath, keyLine, `the label ${quote(name)}`, fault.expected);
    }
    const text = readLabelValue(value, labelPath, reading);
    if (text !== undefined && fault?.severity !== 'error') {
      labels.push([name, text]);
    }
  }
  return Object.fromEntries(labels);
}

/** Any text but the empty one, which Prometheus takes for no label at all. */
function readLabelValue(node: ConfigNode, path: string, reading: Reading): string | undefined {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    reading.reject(path, node, `text that is not empty${quotingHint(node, path)}`);
    return undefined;
  }
  const text = reading.expand(path, node, node.value);
  if (text === '') {
    reading.reject(path, node, 'text that is not empty');
    return undefined;
  }
  return text;
}

/** What speaks against a label of the user's of this name; undefined when nothing does. */
function findLabelFault(name: string): LabelFault | undefined {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    return { severity: 'error', expected: 'a label name: letters, digits and _, no digit first' };
  }
  if (METRIC_LABELS.has(name)) {
    return { severity: 'error', expected: "a name that is no label of the exporter's own metrics" };
  }
  if (PROMETHEUS_LABELS.has(name) || name.startsWith('__') || name.startsWith('exported_')) {
    return {
      severity: 'error',
      expected: 'a name that Prometheus does not use: not job, instance, le, quantile, __* or exported_*',
    };
  }
  if (COMMON_TARGET_LABELS.has(name)) {
    const renamed = `exported_${name}`;
    return {
      severity: 'warning',
      expected: `a name that targets do not commonly carry: Prometheus may make it ${renamed}`,
    };
  }
  return undefined;
}
