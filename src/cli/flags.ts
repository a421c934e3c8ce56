import { parseArgs } from 'node:util';

/** A flag of a command. Every flag that has an environment variable has it by `variableOf`. */
export interface Flag {
  readonly name: string;
  readonly kind: 'text' | 'list' | 'switch';
  /** What stands for the value in the help. */
  readonly placeholder?: string;
  readonly help: string;
}

/** Values of a command's flags: an absent flag is undefined, a switch is true, a list has at least one element. */
export interface FlagValues {
  readonly text: (name: string) => string | undefined;
  readonly list: (name: string) => readonly string[] | undefined;
  readonly on: (name: string) => boolean;
  /** Arguments that are no flags. */
  readonly operands: readonly string[];
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The environment variable of a daemon's flag. */
export function variableOf(flag: string): string {
  return `NFM_EXPORTER_${flag.toUpperCase().replace(/[.-]/g, '_')}`;
}

/**
 * Reads a command's arguments; where a flag is not given, its environment variable, unless `env` is undefined. An empty
 * variable counts as not set; a list's is split at commas.
 *
 * @throws UsageError
 */
export function readFlags(
  flags: readonly Flag[],
  args: readonly string[],
  env: NodeJS.ProcessEnv | undefined,
): FlagValues {
  const { values, positionals } = parse(flags, args);
  const given = (name: string): string | boolean | (string | boolean)[] | undefined => {
    if (values[name] !== undefined) {
      return values[name];
    }
    const flag = flags.find((each) => each.name === name);
    const value = env?.[variableOf(name)];
    if (flag === undefined || value === undefined || value === '') {
      return undefined;
    }
    if (flag.kind === 'list') {
      return value.split(',').map((part) => part.trim());
    }
    return flag.kind === 'switch' ? switchValue(variableOf(name), value) : value;
  };
  return {
    text(name) {
      const value = given(name);
      return typeof value === 'string' ? value : undefined;
    },
    list(name) {
      const value = given(name);
      return Array.isArray(value) ? value.map(String) : undefined;
    },
    on: (name) => given(name) === true,
    operands: positionals,
  };
}

function parse(flags: readonly Flag[], args: readonly string[]) {
  const options = Object.fromEntries(
    flags.map(({ name, kind }) => [
      name,
      { type: kind === 'switch' ? ('boolean' as const) : ('string' as const), multiple: kind === 'list' },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function switchValue(variable: string, value: string): boolean {
  if (value === 'true' || value === 'false') {
    return value === 'true';
  }
  throw new UsageError(`${variable}: got ${JSON.stringify(value)}, expected true or false`);
}

/** The help's lines for a command's flags. */
export function describeFlags(flags: readonly Flag[]): string {
  const heads = flags.map(({ name, kind, placeholder }) =>
    kind === 'switch' ? `--${name}` : `--${name}=${placeholder ?? 'VALUE'}`,
  );
  const width = Math.max(...heads.map((head) => head.length)) + 2;
  return flags.map(({ help }, index) => `  ${(heads[index] ?? '').padEnd(width)}${help}`).join('\n');
}
