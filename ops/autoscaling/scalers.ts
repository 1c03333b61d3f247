/** The shipped scaler, and the one most systems have: waiting tasks over tasks per replica. Pure. */
import { assumedRate, desiredReplicas, drainGoalSeconds } from './formula.js';
import type { Scaler } from './model.js';

export const byDrainTime: Scaler = {
  name: 'drain time',
  desired: ({ stage, backlog, hasWork, finishedAudioSeconds, busySeconds }) =>
    desiredReplicas(stage, { backlog, hasWork, finishedAudioSeconds, busySeconds }),
};

/** Clips of this length are what the count was tuned for: with it, both scalers aim at the same drain time. */
const tunedForSeconds = 10;

export const byCount: Scaler = {
  name: 'task count',
  desired: ({ stage, waitingClips }) =>
    Math.ceil(waitingClips / ((assumedRate[stage] * drainGoalSeconds.bulk) / tunedForSeconds)),
};
