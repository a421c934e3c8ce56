import { parseArgs } from 'node:util';
import type { Format } from '../config/reading/formats.ts';
import { didYouMean } from '../config/reading/nearest.ts';
import { quote } from '../config/reading/nodes.ts';

/** A flag of a command. The daemon's flags have environment variables: see {@link variableOf}. */
export interface Flag {
  readonly name: string;
  /**
   * `text`: requires a value, once. `list`: requires a value, repeatable. `switch`: has no value. `toggle`: has an optional
   * value, `true` by default, which is read as text.
   */
  readonly kind: 'text' | 'list' | 'switch' | 'toggle';
  readonly placeholder?: string | undefined;
  readonly help: string;
}

/** @param usage the name of a switch, or `NAME=PLACEHOLDER` for a flag with a value */
export function flag(usage: string, help: string): Flag {
  const [name = '', placeholder] = usage.split('=');
  return { name, kind: placeholder === undefined ? 'switch' : 'text', placeholder, help };
}

export interface Given {
  readonly text: string;
  /** The flag or variable: `--log.level` or `NFM_EXPORTER_LOG_LEVEL`. */
  readonly origin: string;
}

/** Values of a command's flags; undefined if not given. A list has at least one element. */
export interface FlagValues {
  readonly text: (name: string) => Given | undefined;
  readonly list: (name: string) => readonly Given[] | undefined;
  readonly on: (name: string) => boolean;
  readonly operands: readonly string[];
}

/** The command line is invalid: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The error for an invalid value of a flag. A password in a URL is masked. */
export function wrongValue({ text, origin }: Given, expected: string): UsageError {
  return new UsageError(`${origin}: got ${quote(text)}, expected ${expected}`);
}

/** Reads a value by a format of the configuration file. */
export function readGiven<T>(given: Given | undefined, format: Format<T>): T | undefined {
  if (given === undefined) {
    return undefined;
  }
  const [mismatch] = format.mismatches(given.text);
  if (mismatch !== undefined) {
    throw wrongValue(given, `${mismatch.expected}${didYouMean(given.text, format.words)}`);
  }
  return format.parse(given.text);
}

/** The environment variable of a daemon's flag. */
export function variableOf(flag: string): string {
  return `NFM_EXPORTER_${flag.toUpperCase().replace(/[.-]/g, '_')}`;
}

/**
 * Reads a command's arguments, and the environment variables of flags that are not given, unless `env` is undefined. An
 * empty variable counts as unset. The variable of a list is split at commas. @throws UsageError
 */
export function readFlags(
  flags: readonly Flag[],
  args: readonly string[],
  env: NodeJS.ProcessEnv | undefined,
): FlagValues {
  const { given, operands } = parse(flags, args);
  const fromEnvironment = (name: string): Given | undefined => {
    const origin = variableOf(name);
    const text = env?.[origin] ?? '';
    return text === '' ? undefined : { text, origin };
  };
  return {
    text: (name) => given.get(name)?.[0] ?? fromEnvironment(name),
    list: (name) => given.get(name) ?? split(fromEnvironment(name)),
    on: (name) => given.has(name),
    operands,
  };
}

function split(given: Given | undefined): readonly Given[] | undefined {
  return given?.text.split(',').map((part) => ({ ...given, text: part.trim() }));
}

/** Values by flag, in the order of the arguments. The value of a switch is empty. */
function parse(flags: readonly Flag[], args: readonly string[]) {
  const given = new Map<string, Given[]>();
  const operands: string[] = [];
  for (const token of tokenize(flags, args)) {
    if (token.kind === 'positional') {
      operands.push(token.value);
    } else if (token.kind === 'option') {
      const flag = flags.find(({ name }) => token.rawName === `--${name}`);
      if (flag === undefined) {
        // The argument itself: Node splits `-log.level` into flags of one letter.
        const [unknown = token.rawName] = args[token.index]?.split('=') ?? [];
        const known = flags.map(({ name }) => `--${name}`);
        throw new UsageError(`unknown flag ${unknown}${didYouMean(unknown, known)}`);
      }
      const earlier = given.get(flag.name) ?? [];
      if (flag.kind !== 'list' && earlier.length > 0) {
        throw new UsageError(`${token.rawName} is given more than once`);
      }
      given.set(flag.name, [...earlier, { text: readValue(flag, token), origin: token.rawName }]);
    }
  }
  return { given, operands };
}

/** Not strict: Node's own errors suggest no similar flag, and their advice does not apply here. */
function tokenize(flags: readonly Flag[], args: readonly string[]) {
  const options = Object.fromEntries(
    flags.map(({ name, placeholder }) => [name, { type: placeholder ? ('string' as const) : ('boolean' as const) }]),
  );
  return parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true }).tokens;
}

/** A value that starts with a dash requires the form with `=`: otherwise it is the next flag, and the value is missing. */
function readValue(
  { name, kind, placeholder }: Flag,
  { value, inlineValue }: { readonly value: string | undefined; readonly inlineValue: boolean | undefined },
): string {
  if (kind === 'switch') {
    if (value !== undefined) {
      throw new UsageError(`--${name} does not accept a value, got ${JSON.stringify(value)}`);
    }
    return '';
  }
  if (kind === 'toggle') {
    return value ?? 'true';
  }
  if (value === undefined || (inlineValue === false && value.startsWith('-'))) {
    throw new UsageError(`--${name} requires a value: --${name}=${placeholder}`);
  }
  return value;
}

/** @throws UsageError if there are arguments other than flags */
export function refuseOperands(operands: readonly string[]): void {
  if (operands.length > 0) {
    throw new UsageError(`unexpected argument ${JSON.stringify(operands[0])}`);
  }
}

export function describeFlags(flags: readonly Flag[]): string {
  const heads = flags.map(({ name, placeholder }) => (placeholder ? `--${name}=${placeholder}` : `--${name}`));
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  return flags.map(({ help }, index) => `  ${(heads[index] ?? '').padEnd(width)}${help}`).join('\n');
}
