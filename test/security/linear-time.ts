/** A text that grows by its middle. */
export interface Shape {
  readonly prefix: string;
  readonly pump: string;
  readonly suffix: string;
}

/** CPU time of a reader for a text of a shape. */
export interface Worst {
  /** In scans of the text, each a look at all of its characters. */
  readonly scans: number;
  readonly shape: Shape;
  /** Characters of the text. */
  readonly length: number;
}

/** Characters that patterns and parsers of ours look for, and some that they do not. */
const CHARACTERS = [...' \t\n\0aA0_-./\\\'"*:=@[({;,%é'];

/** Shapes of texts that are hard on a reader that looks for what is in `source`, be it a pattern or a sample of its texts. */
export function shapesFor(source: string): readonly Shape[] {
  const unescaped = source.replace(/\\([^a-zA-Z0-9])/g, '$1');
  const words = [...new Set(unescaped.match(/[\w/:=@"' -]{2,}/g))].sort((a, b) => b.length - a.length).slice(0, 4);
  const pairs = words.flatMap((word) => [word, `${word}a`, `${word}/`, `${word} `, `${word}a/`]);
  const pumps = [...new Set([...CHARACTERS, ...unescaped, ...pairs])];
  return ['', ...words].flatMap((prefix) =>
    pumps.flatMap((pump) => ['', '\0', '\n'].map((suffix) => ({ prefix, pump, suffix }))),
  );
}

const SMALL = 1_024;
const MEDIUM = 16 * 1_024;
const LARGE = 1_024 * 1_024;
const SCANNED = 64 * 1_024;
const REPETITIONS = 10;

/**
 * Returns the worst of some shapes for a reader: searched among small texts, and measured with one of 1 MB. If a shorter
 * one already exceeds `bound` scans, that is the result: 1 MB could take hours.
 */
export function worstOf(read: (text: string) => unknown, shapes: readonly Shape[], bound: number): Worst {
  const suspects = shapes
    .map((shape) => ({ shape, time: timeOf(read, textOf(shape, SMALL), 1) }))
    .sort((a, b) => b.time - a.time)
    .slice(0, 4);
  let worst: Worst = { scans: 0, shape: { prefix: '', pump: '', suffix: '' }, length: 0 };
  for (const { shape } of suspects) {
    const other = measure(read, shape, MEDIUM, bound);
    worst = other.scans > worst.scans ? other : worst;
    if (worst.scans > bound) {
      break;
    }
  }
  for (let size = MEDIUM * 4; size <= LARGE && worst.scans <= bound; size *= 4) {
    worst = measure(read, worst.shape, size, bound);
  }
  return worst;
}

/**
 * Measured again if it is beyond `bound`: a reader that is too slow is so each time, one that shared the processor's caches
 * is not. What is beyond three times the bound is too slow.
 */
function measure(read: (text: string) => unknown, shape: Shape, size: number, bound: number): Worst {
  const text = textOf(shape, size);
  let scans = Number.POSITIVE_INFINITY;
  for (let n = 0; n === 0 || (n < REPETITIONS && scans > bound && scans < 3 * bound); n += 1) {
    scans = Math.min(scans, timeOf(read, text, 2) / timeOfScan(text));
  }
  return { scans, shape, length: text.length };
}

function textOf({ prefix, pump, suffix }: Shape, length: number): string {
  const text = `${prefix}${pump.repeat(Math.ceil(length / pump.length))}${suffix}`;
  // A text that is put together is flattened when its first character is read.
  text.charCodeAt(0);
  return text;
}

/**
 * Microseconds of CPU time of the fastest of some runs. On a busy machine, a long run is interrupted each time, and a short
 * one is not: a clock would show a ratio of several times as much.
 */
function timeOf(read: (text: string) => unknown, text: string, runs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < runs; n += 1) {
    const begin = process.cpuUsage();
    read(text);
    const { user, system } = process.cpuUsage(begin);
    fastest = Math.min(fastest, user + system);
  }
  return fastest;
}

/** Microseconds of a scan of the text, computed from its first part: a scan takes time in proportion to the text. */
function timeOfScan(text: string): number {
  const length = Math.min(text.length, SCANNED);
  return (timeOf((part) => scan(part, length), text, 2) * text.length) / length;
}

function scan(text: string, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at += 1) {
    sum += text.charCodeAt(at);
  }
  return sum;
}

// Compiles the scan for characters of one and two bytes: it would otherwise take several times as long for some texts.
for (let n = 0; n < 10; n += 1) {
  scan('a'.repeat(SCANNED), SCANNED);
  scan('\u2028'.repeat(SCANNED), SCANNED);
}
