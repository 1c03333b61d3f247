/** What an evaluation knows about one clip once the system has answered. */

/** A clip with a result. `truth` and `decision` speak one language: a label of the model, `unknown` or `mute`. */
export interface JudgedClip {
  /** Relative to the evaluated folder, with `/`. */
  name: string;
  /** What the folder or csv calls it. */
  label: string;
  truth: string;
  decision: string;
  /** The best label, also behind `unknown`; `null` for mute. */
  guess: string | null;
  confidence: number;
  scores: Record<string, number>;
  durationSeconds: number | undefined;
  /** What the job says of its stages. */
  preprocessSeconds: number | undefined;
  inferSeconds: number | undefined;
  jobId: string;
  modelDigest: string | undefined;
  version: string | undefined;
}

/** A clip that ended without a result: refused, failed, expired, or not there to be sent. */
export interface FailedClip {
  name: string;
  label: string;
  code: string;
  detail: string;
  jobId: string | undefined;
}
