/** A failure the person at the terminal can act on: printed as its message, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
