import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRestartPolicy } from './restart-policy.js';
import { superviseProcess, type ChildDeath, type ChildHandle } from './supervised-process.js';

class FakeChild extends EventEmitter {
  constructor(readonly pid: number | undefined) {
    super();
  }
}

function scene({ unkillable = false, pidless = false } = {}) {
  const children: FakeChild[] = [];
  const signals: string[] = [];
  const deaths: ChildDeath[] = [];
  const supervised = superviseProcess({
    name: 'worker-1',
    launch: () => {
      const child = new FakeChild(pidless ? undefined : 100 + children.length);
      children.push(child);
      return child as unknown as ChildHandle;
    },
    policy: createRestartPolicy(),
    onDeath: (death) => void deaths.push(death),
    signal: (pid, signal) => {
      signals.push(`${signal} ${pid}`);
      const child = children.find((candidate) => candidate.pid === pid);
      if (signal === 'SIGKILL' && !unkillable) queueMicrotask(() => child?.emit('exit', null, 'SIGKILL'));
      return true;
    },
    now: () => Date.now(),
  });
  return { supervised, children, signals, deaths };
}

describe('superviseProcess', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('starts a child that was killed again after 1 second, and after 2 seconds the second time', async () => {
    const { supervised, children, deaths } = scene();
    children[0]!.emit('exit', null, 'SIGKILL');
    expect(supervised.state).toBe('waiting');
    await vi.advanceTimersByTimeAsync(999);
    expect(children).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(supervised).toMatchObject({ state: 'running', pid: 101 });
    children[1]!.emit('exit', 3, null);
    await vi.advanceTimersByTimeAsync(2000);
    expect(supervised.pid).toBe(102);
    expect(deaths).toMatchObject([
      { name: 'worker-1', reason: 'SIGKILL', restartInMs: 1000, failures: 1 },
      { name: 'worker-1', reason: 'exit code 3', restartInMs: 2000, failures: 2 },
    ]);
  });

  it('kills the rest of the process group when the leader dies', () => {
    const { children, signals } = scene();
    children[0]!.emit('exit', 1, null);
    expect(signals).toEqual(['SIGKILL 100']);
  });

  it('sends SIGTERM, and SIGKILL 5,000 ms later to a child that ignores it', async () => {
    const { supervised, signals } = scene();
    const stopped = supervised.stop(5000);
    await vi.advanceTimersByTimeAsync(4999);
    expect(signals).toEqual(['SIGTERM 100']);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(signals.slice(0, 2)).toEqual(['SIGTERM 100', 'SIGKILL 100']);
    expect(supervised.state).toBe('stopped');
  });

  it('never starts a child again after a stop during the backoff', async () => {
    const { supervised, children } = scene();
    children[0]!.emit('exit', 1, null);
    await supervised.stop(5000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(children).toHaveLength(1);
    expect(supervised.state).toBe('stopped');
  });

  it('signals once when stopped twice, and both callers wait for the end', async () => {
    const { supervised, children, signals } = scene({ unkillable: true });
    const ends: string[] = [];
    void supervised.stop(5000).then(() => ends.push('first'));
    void supervised.stop(1).then(() => ends.push('second'));
    await vi.advanceTimersByTimeAsync(100);
    expect(signals).toEqual(['SIGTERM 100']);
    expect(ends).toEqual([]);
    children[0]!.emit('exit', 0, null);
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(['first', 'second']);
  });

  it('counts a program that cannot be started as a death with its reason', async () => {
    const { supervised, children, deaths } = scene({ pidless: true });
    children[0]!.emit('error', new Error('spawn redis-server ENOENT'));
    expect(deaths[0]).toMatchObject({ reason: 'spawn redis-server ENOENT', restartInMs: 1000 });
    await supervised.stop(0);
  });

  it('counts a launch that throws as a death', async () => {
    const deaths: ChildDeath[] = [];
    const supervised = superviseProcess({
      name: 'worker-1',
      launch: () => {
        throw new Error('EMFILE');
      },
      policy: createRestartPolicy(),
      onDeath: (death) => void deaths.push(death),
    });
    expect(deaths).toMatchObject([{ reason: 'Error: EMFILE', failures: 1 }]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(deaths).toHaveLength(2);
    await supervised.stop(0);
  });
});
