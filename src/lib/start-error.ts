/** A command cannot start because of the machine that it runs on. The message says what failed, why, and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
