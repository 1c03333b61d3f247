/**
 * How many replicas a stage should have: enough that the backlog of now is gone within a goal, counted in seconds of audio
 * over the rate that was measured. The same formula as ops/prometheus/rules/timbre-scaling.yml, which is what runs; the
 * simulation uses this one, and a test holds the two together. Pure.
 */

/** Seconds within which a backlog shall be gone: a person waits, an archive does not. */
export const drainGoalSeconds = { interactive: 5, bulk: 120 } as const;

/** Audio-seconds per busy second of one replica with one core, assumed until measured. */
export const assumedRate = { preprocess: 200, infer: 400 } as const;

/** Busy seconds within the last 15 minutes below which the measured rate says nothing. */
export const minBusySeconds = 5;

export type ScaledStage = keyof typeof assumedRate;

export interface StageLoad {
  /** Seconds of audio waiting or at work, by lane. */
  backlog: { interactive: number; bulk: number };
  /** Anything at all to do, now or as soon as the stage before has done its part. */
  hasWork: boolean;
  /** Audio-seconds finished, and seconds in which replicas had work, within the last 15 minutes. */
  finishedAudioSeconds: number;
  busySeconds: number;
}

export function replicaRate(stage: ScaledStage, load: Pick<StageLoad, 'finishedAudioSeconds' | 'busySeconds'>): number {
  if (load.busySeconds <= minBusySeconds) return assumedRate[stage];
  return Math.max(1, load.finishedAudioSeconds / load.busySeconds);
}

export function desiredReplicas(stage: ScaledStage, load: StageLoad): number {
  const { interactive, bulk } = load.backlog;
  const work = interactive / drainGoalSeconds.interactive + bulk / drainGoalSeconds.bulk;
  return Math.max(load.hasWork ? 1 : 0, Math.ceil(work / replicaRate(stage, load)));
}
