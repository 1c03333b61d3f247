import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenForStop } from './stop-request.js';

function scene() {
  const source = new EventEmitter();
  const clock = { nowMs: 0 };
  let hurries = 0;
  const stop = listenForStop(source, () => clock.nowMs);
  stop.onHurry(() => (hurries += 1));
  return { source, clock, stop, hurries: () => hurries };
}

describe('listenForStop', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('aborts at the first %s', (signal) => {
    const { source, stop } = scene();
    source.emit(signal);
    expect(stop.signal.aborted).toBe(true);
  });

  it('takes three signals within a second for one Ctrl-C', () => {
    const { source, clock, hurries } = scene();
    source.emit('SIGINT');
    source.emit('SIGINT');
    clock.nowMs = 999;
    source.emit('SIGTERM');
    expect(hurries()).toBe(0);
  });

  it('hurries at a second request one second later', () => {
    const { source, clock, hurries } = scene();
    source.emit('SIGINT');
    clock.nowMs = 1000;
    source.emit('SIGINT');
    expect(hurries()).toBe(1);
  });

  it('leaves no listener behind', () => {
    const { source, stop } = scene();
    stop.dispose();
    expect(source.eventNames()).toEqual([]);
  });
});
