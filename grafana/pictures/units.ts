/** A number of one of the dashboards' units (Grafana's ids), as Grafana writes it: three digits or so. */
export function withUnit(value: number, unit = 'short'): string {
  switch (unit) {
    case 's':
      return seconds(value);
    case 'dtdurations':
      return value < 60 ? `${Math.round(value)} s` : `${Math.floor(value / 60)} min`;
    case 'percentunit':
      return `${short(value * 100)} %`;
    case 'Bps':
      return scaled(value, ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s']);
    case 'decbytes':
      return scaled(value, ['B', 'kB', 'MB', 'GB', 'TB']);
    case 'cps':
      return `${short(value)} c/s`;
    case 'reqps':
      return `${short(value)} req/s`;
    case 'short':
      return short(value);
    default:
      throw new Error(`unit ${unit} is not supported: add it here`);
  }
}

function seconds(value: number): string {
  if (value === 0 || value >= 1) {
    return `${short(value)} s`;
  }
  return value < 0.001 ? `${short(value * 1_000_000)} µs` : `${short(value * 1_000)} ms`;
}

function scaled(value: number, units: readonly string[]): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  return `${short(value / 1_000 ** power)} ${units[power]}`;
}

function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
