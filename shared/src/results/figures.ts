/** All figures of one evaluation from its judged clips. Pure. */
import { CalibrationCounter, type Calibration } from './calibration.js';
import { classFigures, ConfusionCounter, type ClassFigures, type Confusion } from './confusion.js';
import { MUTE, UNKNOWN } from './expected-label.js';
import { shareOf, type Share } from './share.js';

/** A clip with a result. `truth` and `decision` speak one language: a label of the model, `unknown` or `mute`. */
export interface Judged {
  /** What its sender calls it. */
  label: string;
  truth: string;
  decision: string;
  /** The best label, also behind `unknown`; `null` for mute. */
  guess: string | null;
  confidence: number;
}

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

/** Whether the right answer is one of the model's labels; else the clip is foreign, and right is not to name it. */
export function isForeign(truth: string): boolean {
  return truth === UNKNOWN || truth === MUTE;
}

class Count {
  hits = 0;
  all = 0;

  add(hit: boolean): void {
    this.all += 1;
    if (hit) this.hits += 1;
  }

  share(): Share {
    return shareOf(this.hits, this.all);
  }
}

/** Counts clips as they come; memory grows with labels, not with clips. */
export class FiguresCounter {
  readonly #confusion: ConfusionCounter;
  readonly #calibration = new CalibrationCounter();
  readonly #byLabel = new Map<string, Count>();
  readonly #accuracy = new Count();
  readonly #coverage = new Count();
  readonly #accuracyWhereCovered = new Count();
  readonly #bestGuess = new Count();
  readonly #rejection = new Count();
  readonly #overall = new Count();

  /** @param labels of the model */
  constructor(labels: readonly string[]) {
    this.#confusion = new ConfusionCounter(labels);
  }

  /** @throws Error when truth or decision is no class of the model */
  add(clip: Judged): void {
    const { label, truth, decision, guess, confidence } = clip;
    this.#confusion.add(clip);
    const isRefused = isForeign(decision);
    if (isForeign(truth)) {
      this.#rejection.add(isRefused);
      this.#overall.add(isRefused);
      const named = this.#byLabel.get(label) ?? new Count();
      named.add(isRefused);
      this.#byLabel.set(label, named);
      return;
    }
    const right = truth === decision;
    this.#accuracy.add(right);
    this.#overall.add(right);
    this.#coverage.add(!isRefused);
    if (!isRefused) this.#accuracyWhereCovered.add(right);
    this.#bestGuess.add(guess === truth);
    if (decision !== MUTE) this.#calibration.add({ confidence, right: guess === truth });
  }

  report(): Figures {
    const confusion = this.#confusion.matrix();
    return {
      accuracy: this.#accuracy.share(),
      coverage: this.#coverage.share(),
      accuracyWhereCovered: this.#accuracyWhereCovered.share(),
      bestGuess: this.#bestGuess.share(),
      rejection: this.#rejection.share(),
      rejectionByLabel: [...this.#byLabel]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, count]) => ({ label, rejection: count.share() })),
      overall: this.#overall.share(),
      classes: classFigures(confusion),
      confusion,
      calibration: this.#calibration.report(),
    };
  }
}

export function figuresOf(clips: readonly Judged[], labels: readonly string[]): Figures {
  const counter = new FiguresCounter(labels);
  for (const clip of clips) counter.add(clip);
  return counter.report();
}

/**
 * A label that is not the clip's, or `mute` for a clip that sounds. An `unknown` is a missed answer and not a mistake; a
 * foreign clip is mistaken only when it got a label.
 */
export function isMistake({ truth, decision }: Judged): boolean {
  return isForeign(decision) ? decision === MUTE && !isForeign(truth) : decision !== truth;
}

/** Wrong decisions, the most confident first. */
export function worstMistakes<Clip extends Judged>(clips: readonly Clip[]): Clip[] {
  return clips.filter(isMistake).sort((a, b) => b.confidence - a.confidence);
}
