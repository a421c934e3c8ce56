import {
  type DataFrame,
  dateTime,
  type FieldDisplay,
  FieldType,
  type GrafanaTheme2,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  renderMarkdown,
  type TimeRange,
  VizOrientation,
} from '@grafana/data';
import type { BarGaugeDisplayMode, BarGaugeNamePlacement, VizLegendOptions } from '@grafana/schema';
import {
  BarGauge,
  BigValue,
  type BigValueColorMode,
  type BigValueGraphMode,
  type BigValueTextMode,
  Table,
  TimeSeries,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import type { AnsweredPanel } from '../panel-data.ts';
import { fieldConfigOf } from './frames.ts';
import { NodeGraph } from './node-graph.tsx';
import { StateTimeline } from './state-timeline.tsx';

export interface ContentProps {
  readonly answered: AnsweredPanel;
  readonly frames: DataFrame[];
  readonly theme: GrafanaTheme2;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** The content of a panel, by Grafana's component for its type. */
export function Content(props: ContentProps) {
  const { answered, frames } = props;
  const { type } = answered.panel;
  if (type === 'text') {
    return <Text {...props} />;
  }
  const isEmpty = frames.every(({ length }) => length === 0);
  if (isEmpty && type !== 'stat' && type !== 'bargauge') {
    return <Empty {...props} />;
  }
  switch (type) {
    case 'timeseries':
      return <Lines {...props} />;
    case 'stat':
      return <Stat {...props} />;
    case 'bargauge':
      return <Bars {...props} />;
    case 'table':
      return <Rows {...props} />;
    case 'nodeGraph':
      return <NodeGraph {...props} />;
    case 'state-timeline':
      return <StateTimeline {...props} />;
    default:
      throw new Error(`no component for panels of the type ${type}`);
  }
}

/** As Grafana's panels do: the text for no value, in the middle. */
function Empty({ answered, theme, height }: ContentProps) {
  const text = fieldConfigOf(answered).defaults.noValue ?? 'No data';
  return (
    <div style={{ height, display: 'grid', placeContent: 'center', color: theme.colors.text?.secondary }}>{text}</div>
  );
}

interface TextOptions {
  readonly content: string;
}

function Text({ answered, height }: ContentProps) {
  const { content } = answered.panel.options as TextOptions;
  return (
    <div
      className="markdown-html"
      style={{ height }}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: as in Grafana's panel, whose function sanitizes the text
      dangerouslySetInnerHTML={{ __html: renderMarkdown(content) }}
    />
  );
}

interface TimeSeriesOptions {
  readonly legend: VizLegendOptions;
}

function Lines({ answered, frames, width, height, from, to }: ContentProps) {
  const { legend } = answered.panel.options as TimeSeriesOptions;
  return (
    <TimeSeries
      frames={frames}
      width={width}
      height={height}
      timeRange={range(from, to)}
      timeZone="utc"
      legend={legend}
    />
  );
}

interface StatOptions {
  readonly colorMode: BigValueColorMode;
  readonly graphMode: BigValueGraphMode;
  readonly textMode?: BigValueTextMode;
}

function Stat(props: ContentProps) {
  const { colorMode, graphMode, textMode } = props.answered.panel.options as StatOptions;
  return (
    <Repeated
      {...props}
      orientation={VizOrientation.Auto}
      render={({ value, count, alignmentFactors, ...size }) => (
        <BigValue
          {...size}
          value={value.display}
          count={count}
          alignmentFactors={alignmentFactors}
          colorMode={colorMode}
          graphMode={graphMode}
          textMode={textMode}
          theme={props.theme}
        />
      )}
    />
  );
}

interface BarGaugeOptions {
  readonly displayMode: BarGaugeDisplayMode;
  readonly namePlacement: BarGaugeNamePlacement;
}

function Bars(props: ContentProps) {
  const { displayMode, namePlacement } = props.answered.panel.options as BarGaugeOptions;
  return (
    <Repeated
      {...props}
      orientation={VizOrientation.Horizontal}
      render={({ value, alignmentFactors, count: _, ...size }) => (
        <BarGauge
          {...size}
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          alignmentFactors={alignmentFactors}
          displayMode={displayMode}
          namePlacement={namePlacement}
          itemSpacing={10}
          lcdCellWidth={12}
          theme={props.theme}
        />
      )}
    />
  );
}

type Rendered = VizRepeaterRenderValueProps<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>;

/** One value for each series, side by side or below each other. */
function Repeated({
  answered,
  frames,
  theme,
  width,
  height,
  orientation,
  render,
}: ContentProps & { orientation: VizOrientation; render: (props: Rendered) => React.JSX.Element }) {
  const values = getFieldDisplayValues({
    fieldConfig: fieldConfigOf(answered),
    reduceOptions: { calcs: ['lastNotNull'], values: false },
    replaceVariables: (text) => text,
    theme,
    data: frames,
    timeZone: 'utc',
  });
  return (
    <VizRepeater
      getValues={() => values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={render}
      source={frames}
      renderCounter={0}
      width={width}
      height={height}
      orientation={orientation}
      itemSpacing={orientation === VizOrientation.Horizontal ? 10 : 3}
      minVizWidth={0}
      minVizHeight={16}
      maxVizHeight={300}
    />
  );
}

function Rows({ answered, frames, width, height }: ContentProps) {
  const { sortBy } = answered.panel.options as { sortBy?: { displayName: string; desc?: boolean }[] };
  const [frame] = frames;
  if (frame === undefined) {
    return null;
  }
  // Grafana leaves out columns that no row has.
  const shown = { ...frame, fields: frame.fields.filter(({ type }) => type !== FieldType.time) };
  return <Table data={shown} width={width} height={height} columnMinWidth={90} initialSortBy={sortBy} />;
}

function range(from: number, to: number): TimeRange {
  const [start, end] = [dateTime(from), dateTime(to)];
  return { from: start, to: end, raw: { from: start, to: end } };
}
