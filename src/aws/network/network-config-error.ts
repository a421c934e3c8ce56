/**
 * An environment variable that steers the network cannot be used. The message begins with the variable's name and never
 * repeats a proxy's URL, which may hold a password.
 */
export class NetworkConfigError extends Error {
  override readonly name = 'NetworkConfigError';
  /** The environment variable at fault, in the spelling that was set. */
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.variable = variable;
  }
}
