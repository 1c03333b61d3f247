/** What the simulation is made of: measured costs, clips that arrive, and what came of them. */
import type { ScaledStage } from './formula.js';

export interface StageCost {
  /** Seconds of one replica for a clip, whatever its length. */
  perClip: number;
  perAudioSecond: number;
}

export interface Measured {
  machine: string;
  date: string;
  commit: string;
  model: string;
  shortest: { audio: number; preprocess: number; infer: number }[];
  stages: Record<ScaledStage, StageCost>;
}

export type Lane = 'interactive' | 'bulk';

export interface Arrival {
  atSeconds: number;
  lane: Lane;
  audioSeconds: number;
}

export interface Pattern {
  name: string;
  what: string;
  arrivals: Arrival[];
}

/** What a scaler may look at. */
export interface StageView {
  stage: ScaledStage;
  waitingClips: number;
  backlog: Record<Lane, number>;
  hasWork: boolean;
  finishedAudioSeconds: number;
  busySeconds: number;
}

export interface Scaler {
  name: string;
  desired(view: StageView): number;
}

export interface Outcome {
  pattern: string;
  scaler: string;
  /** Seconds from arrival until the clip is done, by lane: median, 95 %, longest. */
  latency: Record<Lane, { clips: number; p50: number; p95: number; max: number }>;
  /** From the first arrival until everything is done. */
  doneSeconds: number;
  replicaHours: number;
  /** Share of replica time without work, from the first arrival until the last replica has gone. */
  waste: number;
  peak: number;
  /** Replicas of both stages every 15 seconds. */
  timeline: number[];
}
