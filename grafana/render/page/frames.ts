import {
  applyFieldOverrides,
  createDataFrame,
  type DataFrame,
  type DataTransformerInfo,
  FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  FieldType,
  type GrafanaTheme2,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';
import type { AnsweredPanel, Series } from '../panel-data.ts';

standardTransformersRegistry.setInit(() =>
  [
    standardTransformers.mergeTransformer,
    standardTransformers.filterFieldsByNameTransformer,
    standardTransformers.organizeFieldsTransformer,
  ].map((transformation: DataTransformerInfo) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: () => Promise.resolve(transformation),
    editor: () => null,
    imageDark: '',
    imageLight: '',
  })),
);

/** Formats of a panel's fields, as in its JSON. */
export function fieldConfigOf({ panel }: AnsweredPanel): FieldConfigSource {
  return structuredClone(panel.fieldConfig ?? { defaults: {}, overrides: [] }) as FieldConfigSource;
}

/** The results of a panel's queries as Grafana's data frames: transformed, with names, units, and colors. */
export async function framesOf(answered: AnsweredPanel, theme: GrafanaTheme2): Promise<DataFrame[]> {
  const { panel, series, step } = answered;
  const raw =
    panel.type === 'table' || panel.type === 'nodeGraph'
      ? tables(answered)
      : series.map((each) => timeFrame(each, step));
  const transformed = await firstValueFrom(
    transformDataFrame(structuredClone([...(panel.transformations ?? [])]), raw),
  );
  const fieldConfig = fieldConfigOf(answered);
  return applyFieldOverrides({
    data: transformed,
    fieldConfig,
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
}

function timeFrame({ refId, name, labels, times, values }: Series, interval: number): DataFrame {
  return createDataFrame({
    refId,
    name,
    fields: [
      { name: 'Time', type: FieldType.time, values: [...times], config: { interval } },
      {
        name: 'Value',
        type: FieldType.number,
        values: [...values],
        labels: { ...labels },
        config: { displayNameFromDS: name },
      },
    ],
  });
}

/** A frame for each query that has results: the labels as columns. */
function tables({ panel, series }: AnsweredPanel): DataFrame[] {
  const refIds = (panel.targets ?? []).map(({ refId }) => refId);
  return refIds.map((refId) => {
    const rows = series.filter((each) => each.refId === refId);
    const labels = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
    const value = refIds.length === 1 ? 'Value' : `Value #${refId}`;
    return createDataFrame({
      refId,
      fields: [
        { name: 'Time', type: FieldType.time, values: rows.map(({ times }) => times[0]) },
        ...labels.map((name) => ({ name, type: FieldType.string, values: rows.map((row) => row.labels[name]) })),
        { name: value, type: FieldType.number, values: rows.map(({ values }) => values[0]) },
      ],
    });
  });
}

/** Grafana's own registry is not exported: one of the properties that the panel sets. */
function registryFor({ defaults, overrides }: FieldConfigSource): FieldConfigOptionsRegistry {
  const ids = new Set([
    ...Object.keys(defaults).filter((key) => key !== 'custom'),
    ...Object.keys(defaults.custom ?? {}).map((key) => `custom.${key}`),
    ...overrides.flatMap(({ properties }) => properties.map(({ id }) => id)),
  ]);
  const items = [...ids].map((id): FieldConfigPropertyItem => {
    const isCustom = id.startsWith('custom.');
    return {
      id,
      name: id,
      path: isCustom ? id.slice('custom.'.length) : id,
      isCustom,
      process: (value) => value,
      shouldApply: () => true,
      editor: () => null,
      override: () => null,
    };
  });
  return new FieldConfigOptionsRegistry(() => items);
}
