/** Where a reader stands, as text: numbers whose meaning is the reader's own. */

export function writeMark(...numbers: number[]): string {
  return numbers.join('.');
}

/** The numbers of a mark, or as many zeros where there is none. */
export function readMark(mark: string | undefined, count: number): number[] {
  if (mark === undefined) return Array<number>(count).fill(0);
  const numbers = mark.split('.').map(Number);
  if (numbers.length !== count || !numbers.every(Number.isSafeInteger)) throw new Error('not a mark of this reader');
  return numbers;
}
