/** From what a folder calls its clips to what the model should answer. Pure. */
import { CliError } from '../cli-error.js';
import { MUTE, UNKNOWN } from '@timbre/shared/results/expected-label';

export interface Truths {
  /** Label as the folder has it → label of the model, `unknown` or `mute`. */
  byLabel: ReadonlyMap<string, string>;
  /** Labels that are none of the model's and therefore should be answered with `unknown`. */
  foreign: string[];
}

/**
 * A label of the model in any letter case means itself; so do `unknown` and `mute`; every other label is a foreign sound.
 * @param renamed label as the folder has it → what it means, as `--map` says
 * @throws CliError for a label that is nearly one of the model's (`Sound_Drum` and `drums`), or a map to no class
 */
export function truthsOf(
  found: Iterable<string>,
  labels: readonly string[],
  renamed: ReadonlyMap<string, string>,
): Truths {
  const classes = [...labels, UNKNOWN, MUTE];
  const exactly = (name: string) => classes.find((each) => each.toLowerCase() === name.trim().toLowerCase());
  const byLabel = new Map<string, string>();
  const foreign: string[] = [];
  for (const label of [...new Set(found)].sort()) {
    const target = renamed.get(label);
    const truth = exactly(target ?? label);
    if (truth !== undefined) byLabel.set(label, truth);
    else if (target !== undefined)
      throw new CliError(`--map ${label}=${target}: the classes are ${classes.join(', ')}`);
    else {
      refuseNearMiss(label, labels);
      byLabel.set(label, UNKNOWN);
    }
    if (truth === undefined) foreign.push(label);
  }
  return { byLabel, foreign };
}

function refuseNearMiss(label: string, labels: readonly string[]): void {
  const near = labels.find((each) => stem(each) === stem(label));
  if (near !== undefined)
    throw new CliError(
      `"${label}" is no label of the model, but "${near}" is: say --map ${label}=${near}, or --map ${label}=unknown when ` +
        'it is a foreign sound',
    );
}

/** `Sound_Drum`, `drums` and `Drum-sounds` are alike. */
function stem(name: string): string {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => !/^sounds?$/.test(word))
    .join('')
    .replace(/s$/, '');
}
