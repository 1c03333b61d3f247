import { describe, expect, it } from 'vitest';
import { createCircuitBreaker, type CallOutcome } from './circuit-breaker.js';

function start() {
  let now = 0;
  const breaker = createCircuitBreaker({ threshold: 3, openMs: 5_000, now: () => now });
  const call = (outcome: CallOutcome) => breaker.enter()(outcome);
  return { breaker, call, pass: (ms: number) => (now += ms) };
}

describe('circuit breaker', () => {
  it('opens at the third outage in a row and says when to come back', () => {
    const { breaker, call, pass } = start();
    for (const outcome of ['outage', 'outage', 'answered', 'outage', 'outage'] as const) call(outcome);
    expect(breaker.state).toBe('closed');
    call('outage');
    expect(breaker.state).toBe('open');
    pass(1_500);
    expect(() => breaker.enter()).toThrow(
      expect.objectContaining({ code: 'dependency_unavailable', retryAfterSeconds: 4 }),
    );
  });

  it('lets one probe through after 5 s and refuses the others meanwhile', () => {
    const { breaker, call, pass } = start();
    for (let count = 0; count < 3; count++) call('outage');
    pass(5_000);
    const settle = breaker.enter();
    expect(breaker.state).toBe('probing');
    expect(() => breaker.enter()).toThrow();
    settle('answered');
    expect(breaker.state).toBe('closed');
    call('outage');
    expect(breaker.state).toBe('closed');
  });

  it('opens again when the probe fails, and takes the next call as probe when it was abandoned', () => {
    const { breaker, call, pass } = start();
    for (let count = 0; count < 3; count++) call('outage');
    pass(5_000);
    call('outage');
    expect(() => breaker.enter()).toThrow();
    pass(5_000);
    call('abandoned');
    expect(breaker.state).toBe('probing');
    call('answered');
    expect(breaker.state).toBe('closed');
  });

  it('is not closed by answers to calls that began before it opened', () => {
    const { breaker, call } = start();
    const slow = breaker.enter();
    for (let count = 0; count < 3; count++) call('outage');
    slow('answered');
    expect(breaker.state).toBe('open');
  });
});
