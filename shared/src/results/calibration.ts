/** Whether confidence means what it says. Pure. */

export interface CalibrationBin {
  /** Confidences from here, */
  from: number;
  /** up to here, exclusive; the last bin includes 1. */
  to: number;
  clips: number;
  /** `null` for an empty bin. */
  meanConfidence: number | null;
  accuracy: number | null;
}

export interface Calibration {
  /** Expected calibration error; `null` without clips. */
  expectedCalibrationError: number | null;
  clips: number;
  bins: CalibrationBin[];
}

export interface Guess {
  confidence: number;
  right: boolean;
}

export const CALIBRATION_BINS = 15;

/**
 * Expected calibration error (Naeini et al. 2015): guesses sorted into bins of equal width by their confidence; the gap
 * between mean confidence and accuracy of each bin, weighted by its share of the guesses. Counts guesses as they come;
 * memory does not grow with them.
 */
export class CalibrationCounter {
  readonly #bins: { clips: number; right: number; sure: number }[];

  constructor(bins = CALIBRATION_BINS) {
    this.#bins = Array.from({ length: bins }, () => ({ clips: 0, right: 0, sure: 0 }));
  }

  add({ confidence, right }: Guess): void {
    const bin = this.#bins[Math.min(this.#bins.length - 1, Math.floor(confidence * this.#bins.length))];
    if (!bin) return;
    bin.clips += 1;
    bin.right += right ? 1 : 0;
    bin.sure += confidence;
  }

  report(): Calibration {
    const bins = this.#bins.map(({ clips, right, sure }, index) => ({
      from: index / this.#bins.length,
      to: (index + 1) / this.#bins.length,
      clips,
      meanConfidence: clips === 0 ? null : sure / clips,
      accuracy: clips === 0 ? null : right / clips,
    }));
    const gaps = bins.map((bin) => bin.clips * Math.abs((bin.meanConfidence ?? 0) - (bin.accuracy ?? 0)));
    const clips = bins.reduce((sum, bin) => sum + bin.clips, 0);
    return { expectedCalibrationError: clips === 0 ? null : gaps.reduce((a, b) => a + b, 0) / clips, clips, bins };
  }
}

export function calibrationOf(guesses: readonly Guess[], count = CALIBRATION_BINS): Calibration {
  const counter = new CalibrationCounter(count);
  for (const guess of guesses) counter.add(guess);
  return counter.report();
}
