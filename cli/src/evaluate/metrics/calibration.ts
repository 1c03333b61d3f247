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
 * between mean confidence and accuracy of each bin, weighted by its share of the guesses.
 */
export function calibrationOf(guesses: readonly Guess[], count = CALIBRATION_BINS): Calibration {
  const held: Guess[][] = Array.from({ length: count }, () => []);
  for (const guess of guesses) held[Math.min(count - 1, Math.floor(guess.confidence * count))]?.push(guess);
  const bins = held.map((members, index) => describeBin(members, index / count, (index + 1) / count));
  const gaps = bins.map((bin) => bin.clips * Math.abs((bin.meanConfidence ?? 0) - (bin.accuracy ?? 0)));
  const clips = guesses.length;
  return { expectedCalibrationError: clips === 0 ? null : gaps.reduce((a, b) => a + b, 0) / clips, clips, bins };
}

function describeBin(members: Guess[], from: number, to: number): CalibrationBin {
  const clips = members.length;
  if (clips === 0) return { from, to, clips, meanConfidence: null, accuracy: null };
  const sure = members.reduce((sum, { confidence }) => sum + confidence, 0);
  return {
    from,
    to,
    clips,
    meanConfidence: sure / clips,
    accuracy: members.filter(({ right }) => right).length / clips,
  };
}
