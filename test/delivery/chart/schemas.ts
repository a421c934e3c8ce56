import { pathToFileURL } from 'node:url';
import type { Manifest } from '../manifests.ts';
import { toolsDirectory } from './chart.ts';

/** A class of `kubernetes-models`, as far as it is used here. */
interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  /** @throws an error with all violations */
  readonly prototype: { readonly validate: () => void };
}

const OPERATOR = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
const PATHS = [
  'kubernetes-models/apps/v1/Deployment',
  'kubernetes-models/networking.k8s.io/v1/NetworkPolicy',
  'kubernetes-models/apps/v1/StatefulSet',
  'kubernetes-models/policy/v1/PodDisruptionBudget',
  'kubernetes-models/v1/ConfigMap',
  'kubernetes-models/v1/PersistentVolumeClaim',
  'kubernetes-models/v1/Pod',
  'kubernetes-models/v1/Service',
  'kubernetes-models/v1/ServiceAccount',
  `${OPERATOR}/PodMonitor`,
  `${OPERATOR}/PrometheusRule`,
  `${OPERATOR}/ServiceMonitor`,
];

/** Loads the schemas of the kinds that the chart has, by API version and kind. */
export async function loadModels(): Promise<ReadonlyMap<string, Model>> {
  const models = PATHS.map(async (path): Promise<[string, Model]> => {
    const module: Readonly<Record<string, Model>> = await import(
      pathToFileURL(`${toolsDirectory()}/node_modules/${path}.js`).href
    );
    const model = module[path.replace(/.*\//, '')];
    if (model === undefined) {
      throw new Error(`${path} does not export its model`);
    }
    return [`${model.apiVersion} ${model.kind}`, model];
  });
  return new Map(await Promise.all(models));
}

/**
 * Returns the violations of the schemas of Kubernetes and the Prometheus Operator. The schemas permit unknown fields and null.
 * These are violations here: a field is unknown if its schema never reads it.
 */
export function schemaProblems(models: ReadonlyMap<string, Model>, object: Manifest): string[] {
  const model = models.get(`${object.apiVersion} ${object.kind}`);
  if (model === undefined) {
    return [`no schema for ${object.apiVersion} ${object.kind}`];
  }
  const problems: string[] = [];
  const unread = new Set<string>();
  try {
    Reflect.apply(model.prototype.validate, observe(object, '', unread), []);
  } catch (error) {
    problems.push(String(error));
  }
  // Of an unknown field, not what is in it.
  const unknown = [...unread].filter((path) => !unread.has(path.replace(/\/[^/]*$/, '')));
  return [...problems, ...unknown.map((path) => `unknown field ${path}`), ...nullPaths(object, '')];
}

/** Returns a copy that removes the path of each field from `unread` when the field is read. */
function observe(value: unknown, path: string, unread: Set<string>): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => observe(item, `${path}/${index}`, unread));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const fields = Object.entries(value).map(([name, field]) => {
    unread.add(pathOf(path, name));
    return [name, observe(field, pathOf(path, name), unread)];
  });
  return new Proxy(Object.fromEntries(fields), {
    get(target, name, receiver) {
      unread.delete(pathOf(path, String(name)));
      return Reflect.get(target, name, receiver);
    },
  });
}

function pathOf(parent: string, name: string): string {
  return `${parent}/${name.replaceAll('/', '~1')}`;
}

function nullPaths(value: unknown, path: string): string[] {
  if (value === null) {
    return [`null at ${path}`];
  }
  return typeof value === 'object'
    ? Object.entries(value ?? {}).flatMap(([name, field]) => nullPaths(field, pathOf(path, name)))
    : [];
}
