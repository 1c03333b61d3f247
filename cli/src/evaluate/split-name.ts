/** The usual names of the parts of a data set. */

const SPLITS: readonly [split: string, names: string[]][] = [
  ['train', ['train', 'training']],
  ['validation', ['validation', 'valid', 'val', 'dev']],
  ['test', ['test', 'testing', 'eval', 'evaluation']],
];

/** `test` for `test`, `Testing`, `Metadata_Test`, `test_submission`; undefined for what names no split. */
export function splitNameOf(name: string): string | undefined {
  const words = name.toLowerCase().split(/[^a-z]+/);
  return SPLITS.find(([, names]) => names.some((each) => words.includes(each)))?.[0];
}
