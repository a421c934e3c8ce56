import { type DataFrame, type Field, FieldType } from '@grafana/data';
import { type Edge, placed } from './node-layout.ts';
import type { ContentProps } from './panels.tsx';

/** Pixels, as in Grafana: the radius of a node, and of the dashboard's texts below it. */
const RADIUS = 40;
const FONT_SIZE = 12;
const DEFAULT_COLOR = '#999999';

interface Units {
  readonly mainStatUnit?: string;
  readonly secondaryStatUnit?: string;
}

/**
 * Drawn by hand: Grafana does not publish its node graph as a component. As there, nodes are computed from the edges, and the
 * stats of a node are the sums of its incoming edges.
 */
export function NodeGraph({ frames: [frame], theme, answered, width, height }: ContentProps) {
  const { nodes: { mainStatUnit = '', secondaryStatUnit = '' } = {} } = answered.panel.options as { nodes?: Units };
  if (frame === undefined) {
    return null;
  }
  const edges = edgesOf(frame);
  const places = placed(edges, width - 4 * RADIUS, height - 3 * RADIUS);
  const incoming = (name: string, stat: 'main' | 'secondary') =>
    edges.filter(({ target }) => target === name).reduce((sum, edge) => sum + (edge[stat] ?? 0), 0);
  const text = { fill: theme.colors.text?.primary, fontSize: FONT_SIZE, textAnchor: 'middle' } as const;
  // Readable across edges.
  const halo = { paintOrder: 'stroke', stroke: theme.colors.background?.primary, strokeWidth: 4 };
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={answered.panel.title}
      fontFamily={theme.typography.fontFamily}
    >
      <g transform={`translate(${2 * RADIUS} ${1.2 * RADIUS})`}>
        {edges.map(({ source, target, color }) => {
          const [from, to] = [places.get(source), places.get(target)];
          if (from === undefined || to === undefined) {
            return null;
          }
          if (source === target) {
            return (
              <circle
                key={`${source} ${target}`}
                cx={from.x}
                cy={from.y - RADIUS}
                r={RADIUS / 2}
                fill="none"
                stroke={color}
              />
            );
          }
          const length = Math.hypot(to.x - from.x, to.y - from.y);
          const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
          const end = { x: to.x - dx * (RADIUS + 4), y: to.y - dy * (RADIUS + 4) };
          const side = (sign: number) => `${end.x - 9 * dx - sign * 4 * dy},${end.y - 9 * dy + sign * 4 * dx}`;
          return (
            <g key={`${source} ${target}`} stroke={color} fill={color}>
              <line x1={from.x + dx * (RADIUS + 4)} y1={from.y + dy * (RADIUS + 4)} x2={end.x} y2={end.y} />
              <polygon points={`${end.x},${end.y} ${side(1)} ${side(-1)}`} />
            </g>
          );
        })}
        {[...places].map(([name, { x, y }]) => (
          <g key={name} transform={`translate(${x} ${y})`}>
            <circle
              r={RADIUS}
              fill={theme.colors.background?.primary}
              stroke={theme.colors.border?.strong}
              strokeWidth={2}
            />
            <text {...text} y={-2}>
              {shown(incoming(name, 'main'), mainStatUnit)}
            </text>
            <text {...text} y={14}>
              {shown(incoming(name, 'secondary'), secondaryStatUnit)}
            </text>
            <text {...text} {...halo} y={RADIUS + 15}>
              {name}
            </text>
          </g>
        ))}
      </g>
    </svg>
  );
}

interface DrawnEdge extends Edge {
  readonly color: string;
  readonly main: number | undefined;
  readonly secondary: number | undefined;
}

function edgesOf(frame: DataFrame): DrawnEdge[] {
  const field = (name: string): Field | undefined =>
    frame.fields.find((each) => each.name === name || each.config.displayName === name);
  const texts = (name: string): string[] => field(name)?.values.map(String) ?? [];
  const numbers = (name: string): (number | undefined)[] => {
    const found = field(name);
    return found?.type === FieldType.number ? found.values : [];
  };
  const [targets, colors] = [texts('target'), texts('color')];
  const [main, secondary] = [numbers('mainstat'), numbers('secondarystat')];
  return texts('source').map((source, index) => ({
    source,
    target: targets[index] ?? '',
    color: colors[index] ?? DEFAULT_COLOR,
    main: main[index],
    secondary: secondary[index],
  }));
}

function shown(value: number, unit: string): string {
  return value === 0 ? '' : `${value.toFixed(2)} ${unit}`;
}
