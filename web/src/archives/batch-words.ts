/** States of a batch, and times, in words. */
import type { BatchState, BatchView } from '@timbre/shared/contracts/batch';
import { span } from '../parts/figures.js';

const words: Record<BatchState, string> = {
  expanding: 'reading the source',
  running: 'running',
  canceling: 'being canceled',
  succeeded: 'done',
  completed_with_errors: 'done, some clips failed',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'out of time',
};

export function stateWords({ state, paused, preflight }: Pick<BatchView, 'state' | 'paused' | 'preflight'>): string {
  if (paused && (state === 'expanding' || state === 'running')) return 'paused';
  if (preflight)
    return state === 'succeeded' || state === 'completed_with_errors' ? 'checked' : `check: ${words[state]}`;
  return words[state];
}

/** `about 14 min left (10 to 20 min)`; the range only where it says something. */
export function timeLeft({ eta }: Pick<BatchView, 'eta'>): string | undefined {
  if (!eta) return undefined;
  const [about, low, high] = [eta.seconds, eta.lowSeconds, eta.highSeconds].map(span);
  return low === high ? `about ${about} left` : `about ${about} left (${low} to ${high})`;
}
