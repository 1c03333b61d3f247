/** Colours, where they can be seen. */

type Paint = (text: string) => string;

export type Style = Record<'good' | 'bad' | 'warn' | 'dim' | 'bold', Paint>;

/** @param enabled false gives the text as it is */
export function createStyle(enabled: boolean): Style {
  const wrap =
    (on: number, off: number): Paint =>
    (text) =>
      enabled ? `\u001B[${on}m${text}\u001B[${off}m` : text;
  return { good: wrap(32, 39), bad: wrap(31, 39), warn: wrap(33, 39), dim: wrap(2, 22), bold: wrap(1, 22) };
}

/** After https://no-color.org: a terminal that is not dumb, and nobody who objects. */
export function wantsColour(isTerminal: boolean, environment: Record<string, string | undefined>): boolean {
  return isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
}
