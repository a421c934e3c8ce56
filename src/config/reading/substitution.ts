/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Substitution = { readonly text: string } | { readonly expected: string };

/**
 * Replaces `${NAME}` and `${NAME:-default}` by what `env` holds; as in a shell, the default also stands in for an empty
 * variable. `$${` gives a literal `${`, any other `$` is itself. Where a variable is not set and has no default, or a
 * `${` begins none of these forms, the answer says what was expected instead, and no value of a variable.
 */
export function substitute(text: string, env: Environment): Substitution {
  let expected: string | undefined;
  const replaced = text.replaceAll(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole: string, body: string, close: string) => {
    if (whole === '$${') {
      return '${';
    }
    const reference = close === '' ? null : /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(body);
    const name = reference?.[1];
    if (name === undefined) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the form that the file uses
      expected ??= '${NAME} or ${NAME:-default} with the name of an environment variable, or $${ for a literal ${';
      return '';
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    const fallback = reference?.[2];
    if (value === undefined && fallback === undefined) {
      expected ??= `the environment variable ${name} to be set, or a default: \${${name}:-…}`;
      return '';
    }
    return fallback !== undefined && (value === undefined || value === '') ? fallback : (value ?? '');
  });
  return expected === undefined ? { text: replaced } : { expected };
}
