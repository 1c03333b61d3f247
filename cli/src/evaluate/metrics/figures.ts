/** All figures of one evaluation from its judged clips. Pure. */
import { isForeign, MUTE, type JudgedClip } from '../judged-clip.js';
import { calibrationOf, type Calibration } from './calibration.js';
import { classFigures, confusionOf, type ClassFigures, type Confusion } from '@timbre/shared/results/confusion';
import { shareWhere, type Share } from '@timbre/shared/results/share';

export type Judged = Pick<JudgedClip, 'label' | 'truth' | 'decision' | 'guess' | 'confidence'>;

export interface Figures {
  /** Label clips decided as their own label. `unknown` and `mute` are wrong for them. */
  accuracy: Share;
  /** Label clips decided with a label, right or wrong. */
  coverage: Share;
  /** Right among those. */
  accuracyWhereCovered: Share;
  /** Label clips whose best label is theirs, whatever its score. */
  bestGuess: Share;
  /** Foreign clips answered with `unknown` or `mute`. */
  rejection: Share;
  /** The same by what the folder calls them. */
  rejectionByLabel: { label: string; rejection: Share }[];
  /** Right among all: label clips with their label, foreign ones with `unknown` or `mute`; as cards count `accuracy`. */
  overall: Share;
  classes: ClassFigures[];
  confusion: Confusion;
  /** Over sounding label clips: the score of the best label against whether it is right. */
  calibration: Calibration;
}

export function figuresOf(clips: readonly Judged[], labels: readonly string[]): Figures {
  const ours = clips.filter(({ truth }) => !isForeign(truth));
  const foreign = clips.filter(({ truth }) => isForeign(truth));
  const covered = ours.filter(({ decision }) => !isForeign(decision));
  const right = ({ truth, decision }: Judged) => (isForeign(truth) ? isForeign(decision) : truth === decision);
  const confusion = confusionOf(clips, labels);
  return {
    accuracy: shareWhere(ours, right),
    coverage: shareWhere(ours, ({ decision }) => !isForeign(decision)),
    accuracyWhereCovered: shareWhere(covered, right),
    bestGuess: shareWhere(ours, ({ guess, truth }) => guess === truth),
    rejection: shareWhere(foreign, right),
    rejectionByLabel: groupByLabel(foreign).map(([label, members]) => ({
      label,
      rejection: shareWhere(members, right),
    })),
    overall: shareWhere(clips, right),
    classes: classFigures(confusion),
    confusion,
    calibration: calibrationOf(
      ours
        .filter(({ decision }) => decision !== MUTE)
        .map(({ confidence, guess, truth }) => ({ confidence, right: guess === truth })),
    ),
  };
}

/**
 * Wrong decisions, the most confident first: a label that is not the clip's, or `mute` for a clip that sounds. An
 * `unknown` is a missed answer and not a mistake; a foreign clip is mistaken only when it got a label.
 */
export function worstMistakes<Clip extends Judged>(clips: readonly Clip[]): Clip[] {
  return clips
    .filter(({ truth, decision }) =>
      isForeign(decision) ? decision === MUTE && !isForeign(truth) : decision !== truth,
    )
    .sort((a, b) => b.confidence - a.confidence);
}

function groupByLabel(clips: readonly Judged[]): [label: string, members: Judged[]][] {
  const groups = new Map<string, Judged[]>();
  for (const clip of clips) groups.set(clip.label, [...(groups.get(clip.label) ?? []), clip]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
