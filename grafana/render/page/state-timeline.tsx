import { type DisplayValue, type Field, FieldType } from '@grafana/data';
import type { ContentProps } from './panels.tsx';

/** A stretch of time in which a value did not change, in milliseconds since the epoch. */
interface Span {
  readonly from: number;
  to: number;
  readonly value: number;
}

/** Pixels. */
const LABELS_WIDTH = 200;
const AXIS_HEIGHT = 22;
const LETTER_WIDTH = 7;
const MINUTE = 60_000;
/** Color of a value without a name in the panel. */
const UNKNOWN = '#999999';

/**
 * Drawn by hand: Grafana does not publish its state timeline as a component. Texts and colors are those of Grafana's
 * display processor.
 */
export function StateTimeline({ frames, theme, answered, width, height, from, to }: ContentProps) {
  const { rowHeight = 0.9 } = answered.panel.options as { rowHeight?: number };
  const rows = frames.map((frame) => ({ name: frame.name ?? '', frame })).sort((a, b) => a.name.localeCompare(b.name));
  const row = Math.min(40, (height - AXIS_HEIGHT) / rows.length);
  const band = row * rowHeight;
  const right = width - LABELS_WIDTH;
  const x = (at: number) => LABELS_WIDTH + (Math.max(0, Math.min(at, to) - from) / (to - from)) * right;
  const text = { fill: theme.colors.text?.primary, fontSize: Math.min(12, row * 0.8) };
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={answered.panel.title}
      fontFamily={theme.typography.fontFamily}
    >
      {rows.map(({ name, frame }, index) => (
        <g key={name} transform={`translate(0 ${index * row})`}>
          <text {...text} x={LABELS_WIDTH - 8} y={row / 2} textAnchor="end" dominantBaseline="central">
            {fitting(name, LABELS_WIDTH)}
          </text>
          {spansOf(frame.fields, answered.step).map((span) => {
            const value = frame.fields.find(({ type }) => type === FieldType.number);
            const shown: DisplayValue = value?.display?.(span.value) ?? { text: `${span.value}`, numeric: span.value };
            const [start, end] = [x(span.from), x(span.to)];
            const fill = shown.color ?? UNKNOWN;
            return (
              <g key={span.from}>
                <rect x={start} y={(row - band) / 2} width={Math.max(1, end - start)} height={band} fill={fill} />
                {end - start > shown.text.length * LETTER_WIDTH && (
                  <text
                    {...text}
                    x={start + 4}
                    y={row / 2}
                    dominantBaseline="central"
                    fill={theme.colors.getContrastText(fill)}
                  >
                    {shown.text}
                  </text>
                )}
              </g>
            );
          })}
        </g>
      ))}
      {minutes(from, to).map((at) => (
        <text {...text} key={at} x={x(at)} y={height - 6} textAnchor="middle" fontSize={12}>
          {new Date(at).toISOString().slice(11, 16)}
        </text>
      ))}
    </svg>
  );
}

function spansOf(fields: readonly Field[], step: number): Span[] {
  const times: number[] = fields.find(({ type }) => type === FieldType.time)?.values ?? [];
  const values: (number | null)[] = fields.find(({ type }) => type === FieldType.number)?.values ?? [];
  const spans: Span[] = [];
  times.forEach((at, index) => {
    const [last, value] = [spans.at(-1), values[index]];
    if (value === undefined || value === null) {
      return;
    }
    if (last?.value === value && at <= last.to) {
      last.to = at + step;
    } else {
      spans.push({ from: at, to: at + step, value });
    }
  });
  return spans;
}

function minutes(from: number, to: number): number[] {
  const first = Math.ceil(from / MINUTE) * MINUTE;
  return Array.from({ length: Math.floor((to - first) / MINUTE) + 1 }, (_, index) => first + index * MINUTE);
}

function fitting(name: string, width: number): string {
  const letters = Math.floor(width / (LETTER_WIDTH + 1));
  return name.length > letters ? `${name.slice(0, letters - 1)}…` : name;
}
