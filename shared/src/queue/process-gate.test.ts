import { describe, expect, it } from 'vitest';
import { createProcessGate } from './process-gate.js';

function controlled() {
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { work: () => done, finish };
}

describe('process gate', () => {
  it('runs two shared tasks at once', async () => {
    const gate = createProcessGate();
    const [a, b] = [controlled(), controlled()];
    let running = 0;
    const both = [a, b].map(({ work }) => gate.shared(async () => ((running += 1), work())));
    await Promise.resolve();
    expect(running).toBe(2);
    a.finish();
    b.finish();
    await Promise.all(both);
  });

  it('starts an exclusive task after the running ones and before the next ones', async () => {
    const gate = createProcessGate();
    const first = controlled();
    const order: string[] = [];
    const shared = gate.shared(async () => (await first.work(), void order.push('first')));
    const alone = gate.exclusive(async () => void order.push('alone'));
    const after = gate.shared(async () => void order.push('after'));
    first.finish();
    await Promise.all([shared, alone, after]);
    expect(order).toEqual(['first', 'alone', 'after']);
  });

  it('lets shared tasks go on after an exclusive one that failed', async () => {
    const gate = createProcessGate();
    await expect(gate.exclusive(() => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    await expect(gate.shared(() => Promise.resolve(1))).resolves.toBe(1);
  });
});
