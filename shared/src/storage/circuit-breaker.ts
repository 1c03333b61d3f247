/**
 * Keeps calls away from a dependency that is down, so that callers learn it at once and the dependency can recover.
 *
 * closed: calls pass; `threshold` outages in a row → open.
 * open: calls are refused with `dependency_unavailable`; after `openMs` → probing.
 * probing: one call passes, the others are refused; it was answered → closed, an outage → open, abandoned → still probing,
 * and the next call is the probe.
 */
import { AppError } from '../errors.js';

export type BreakerState = 'closed' | 'open' | 'probing';
/** `abandoned`: the caller gave up, which says nothing about the dependency. */
export type CallOutcome = 'answered' | 'outage' | 'abandoned';

export interface BreakerOptions {
  threshold: number;
  openMs: number;
  now: () => number;
  onChange?: ((state: BreakerState, from: BreakerState) => void) | undefined;
}

export interface CircuitBreaker {
  readonly state: BreakerState;
  /** Asks to make one call; report its outcome exactly once. @throws AppError `dependency_unavailable` when refused */
  enter(): (outcome: CallOutcome) => void;
}

export function createCircuitBreaker({ threshold, openMs, now, onChange }: BreakerOptions): CircuitBreaker {
  let state: BreakerState = 'closed';
  let outages = 0;
  let openUntil = 0;
  let probeOut = false;

  const become = (next: BreakerState) => {
    if (next === 'open') openUntil = now() + openMs;
    if (next === 'closed') outages = 0;
    if (next === state) return;
    const from = state;
    state = next;
    onChange?.(next, from);
  };
  const refuse = () => {
    const retryAfterSeconds = Math.max(1, Math.ceil((openUntil - now()) / 1000));
    return new AppError('dependency_unavailable', {
      detail: 'the object store is known to be down',
      retryAfterSeconds,
    });
  };
  const settle = (outcome: CallOutcome, wasProbe: boolean) => {
    if (wasProbe) probeOut = false;
    // Answers of calls that began before the breaker opened do not close it: only the probe decides.
    if (state !== 'closed' && !wasProbe) return;
    if (outcome === 'answered') become('closed');
    if (outcome !== 'outage') return;
    outages++;
    if (wasProbe || outages >= threshold) become('open');
  };

  return {
    get state() {
      return state;
    },
    enter() {
      if (state === 'open' && now() >= openUntil) become('probing');
      if (state === 'open' || (state === 'probing' && probeOut)) throw refuse();
      const isProbe = state === 'probing';
      probeOut = isProbe;
      return (outcome) => settle(outcome, isProbe);
    },
  };
}
