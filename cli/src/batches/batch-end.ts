/** What the end of a batch means for whoever waits for it. */
import type { BatchState, BatchView } from '@timbre/shared/contracts/batch';
import { exitCodes } from '../remote/session.js';

/** For a batch that has not ended: so far. */
export function exitCodeOf({ state, clips }: Pick<BatchView, 'state' | 'clips'>): number {
  if (state === 'succeeded') return exitCodes.fine;
  if (state === 'running' || state === 'expanding') return clips.failed > 0 ? exitCodes.failedClips : exitCodes.fine;
  return exitCodes.failedClips;
}

export const stateWords: Record<BatchState, string> = {
  expanding: 'reading the source',
  running: 'running',
  canceling: 'canceling',
  succeeded: 'succeeded',
  completed_with_errors: 'completed with errors',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'expired',
};
