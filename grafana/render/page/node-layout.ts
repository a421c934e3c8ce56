/** The names of the two ends of an edge. */
export interface Edge {
  readonly source: string;
  readonly target: string;
}

interface Place {
  x: number;
  y: number;
}

const STEPS = 400;

/**
 * Places the ends of edges by forces: nodes repel each other, and edges contract. Starts from a circle, so that the same edges
 * have the same places.
 *
 * @param width of the area, in pixels
 */
export function placed(edges: readonly Edge[], width: number, height: number): ReadonlyMap<string, Place> {
  const names = [...new Set(edges.flatMap(({ source, target }) => [source, target]))].sort();
  const places = new Map<string, Place>(
    names.map((name, index) => {
      const angle = (2 * Math.PI * index) / names.length;
      return [name, { x: Math.cos(angle) / 2, y: Math.sin(angle) / 2 }];
    }),
  );
  const ideal = 1 / Math.sqrt(names.length);
  for (let step = 0; step < STEPS; step += 1) {
    const moves = new Map<string, Place>(names.map((name) => [name, { x: 0, y: 0 }]));
    const pull = (name: string, other: string, force: (distance: number) => number) => {
      const [from, to, move] = [places.get(name), places.get(other), moves.get(name)];
      if (from === undefined || to === undefined || move === undefined || name === other) {
        return;
      }
      const distance = Math.max(1e-3, Math.hypot(to.x - from.x, to.y - from.y));
      move.x += ((to.x - from.x) / distance) * force(distance);
      move.y += ((to.y - from.y) / distance) * force(distance);
    };
    for (const name of names) {
      for (const other of names) {
        pull(name, other, (distance) => -(ideal ** 2) / distance);
      }
    }
    for (const { source, target } of edges) {
      pull(source, target, (distance) => distance ** 2 / ideal);
      pull(target, source, (distance) => distance ** 2 / ideal);
    }
    const heat = 0.1 * (1 - step / STEPS);
    for (const [name, move] of moves) {
      const place = places.get(name);
      const length = Math.hypot(move.x, move.y);
      if (place !== undefined && length > 0) {
        place.x += (move.x / length) * Math.min(length, heat);
        place.y += (move.y / length) * Math.min(length, heat);
      }
    }
  }
  return scaled(places, width, height);
}

/** Stretches places to the whole area. */
function scaled(places: ReadonlyMap<string, Place>, width: number, height: number): Map<string, Place> {
  const scale = (values: readonly number[], length: number) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return (value: number) => (most === least ? length / 2 : ((value - least) / (most - least)) * length);
  };
  const all = [...places.values()];
  const x = scale(
    all.map((place) => place.x),
    width,
  );
  const y = scale(
    all.map((place) => place.y),
    height,
  );
  return new Map([...places].map(([name, place]) => [name, { x: x(place.x), y: y(place.y) }]));
}
