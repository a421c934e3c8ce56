/** The machine prevents a command from starting. The message contains the failure, its reason, and advice. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
