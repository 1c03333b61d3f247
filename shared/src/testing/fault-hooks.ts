/**
 * Faults on order, for tests only: switched on by TIMBRE_TEST_FAULTS, a comma-separated list of `<fault>:<text>`. A clip whose
 * name holds the text gets the fault: `die` ends the process (SIGKILL), `hang` never answers, `slow` waits a second,
 * `block` blocks the event loop for 15 s. `exit:<point>` ends the process at a named point of its code.
 */
import type { StageHandler } from '../queue/stage-runner.js';

export interface FaultHooks {
  wrap(handler: StageHandler): StageHandler;
  /** Called before the work on one clip of a slice: `die` and `slow` are for clips of batches too. */
  clip(name: string): Promise<void>;
  /** Ends the process when `point` was ordered. */
  at(point: string): void;
}

const slowMs = 1000;
const blockMs = 15_000;

export function createFaultHooks(order: string | undefined): FaultHooks {
  const faults = (order ?? '').split(',').flatMap((part) => {
    const [fault, text] = part.split(':');
    return fault && text ? [{ fault, text }] : [];
  });
  const die = () => process.kill(process.pid, 'SIGKILL');
  const wanted = (fault: string, name: string) =>
    faults.some((entry) => entry.fault === fault && name.includes(entry.text));
  if (faults.length === 0) return { wrap: (handler) => handler, clip: () => Promise.resolve(), at: () => undefined };
  return {
    wrap: (handler) => async (input, signal) => {
      const { name } = input.record.spec;
      if (wanted('die', name)) die();
      if (wanted('slow', name)) await new Promise((resolve) => setTimeout(resolve, slowMs));
      if (wanted('hang', name)) await new Promise(() => undefined);
      if (wanted('block', name) && input.record.retries === 0)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
      return handler(input, signal);
    },
    async clip(name) {
      if (wanted('die', name)) die();
      if (wanted('slow', name)) await new Promise((resolve) => setTimeout(resolve, slowMs));
    },
    at(point) {
      if (faults.some(({ fault, text }) => fault === 'exit' && text === point)) die();
    },
  };
}
