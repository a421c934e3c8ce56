import type {
  $SchemaRef,
  NumericSchema,
  StaticListSchema,
  StaticMapSchema,
  StaticOperationSchema,
  StaticStructureSchema,
  StringSchema,
  TimestampDateTimeSchema,
  TimestampDefaultSchema,
} from '@smithy/types';

/** Smithy namespace of the service; error types may carry it before a `#`. */
export const NAMESPACE = 'com.amazonaws.networkflowmonitor';

// The runtime's codes for simple shapes.
export const TEXT: StringSchema = 0;
export const NUMBER: NumericSchema = 1;
/** A timestamp in a response, as a number: seconds since the Unix epoch. */
export const TIMESTAMP: TimestampDefaultSchema = 4;
/** A timestamp as text: `2026-01-01T00:00:00.250Z`. */
export const DATE_TIME: TimestampDateTimeSchema = 5;

type Members = Record<string, $SchemaRef>;

export function structure(name: string, members: Members): StaticStructureSchema {
  return [3, NAMESPACE, name, 0, Object.keys(members), Object.values(members)];
}

export function list(name: string, element: $SchemaRef): StaticListSchema {
  return [1, NAMESPACE, name, 0, element];
}

export const TAG_MAP: StaticMapSchema = [2, NAMESPACE, 'TagMap', 0, TEXT, TEXT];

/** Text that fills the `{…}` of its name in the operation's path. */
export const LABEL: $SchemaRef = [TEXT, { httpLabel: 1 }];

/** A member that is sent in the query string. */
export function inQuery(name: string, schema: $SchemaRef): $SchemaRef {
  return [schema, { httpQuery: name }];
}

/**
 * An operation and its input and output, named as Smithy models name them: the operation's name with `Input` and
 * `Output`. Every success of this service is a 200.
 */
export function operation(
  name: string,
  [method, uri]: ['GET' | 'POST' | 'DELETE', string],
  input: Members,
  output: Members,
): StaticOperationSchema {
  return [
    9,
    NAMESPACE,
    name,
    { http: [method, uri, 200] },
    structure(`${name}Input`, input),
    structure(`${name}Output`, output),
  ];
}
