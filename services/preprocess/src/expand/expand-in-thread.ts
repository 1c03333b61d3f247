/** The other side of `expand-thread`: an expand handler that lets the thread do it, and starts it anew when it ended. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AppError, deserializeError, isAppError, serializeError } from '@timbre/shared/errors';
import type { Logger } from '@timbre/shared/observability/logger';
import type { ExpandHandler } from '@timbre/shared/queue/expand-consumer';
import type { ExpandThreadData, FromExpandThread, ToExpandThread } from './expand-thread.js';

export interface ExpandThread {
  handler: ExpandHandler;
  close(): Promise<void>;
}

export function createExpandThread(data: ExpandThreadData, log: Logger): ExpandThread {
  const waiting = new Map<number, { resolve: (answer: FromExpandThread) => void; reject: (error: AppError) => void }>();
  let worker: Worker | undefined;
  let lastTask = 0;

  const start = (): Worker => {
    const started = new Worker(new URL('./expand-thread.js', import.meta.url), { workerData: data });
    started.on('message', (answer: FromExpandThread) => {
      waiting.get(answer.task)?.resolve(answer);
      waiting.delete(answer.task);
    });
    started.on('error', (error) => log.error({ err: error }, 'the expand thread failed'));
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      const ended = new AppError('internal', { detail: 'the thread that read the source ended' });
      for (const { reject } of waiting.values()) reject(ended);
      waiting.clear();
    });
    return started;
  };
  worker = start();

  return {
    async handler(batch, signal) {
      signal.throwIfAborted();
      const thread = (worker ??= start());
      const task = (lastTask += 1);
      const say = (message: ToExpandThread) => thread.postMessage(message);
      const onAbort = () => {
        const reason: unknown = signal.reason;
        say({ kind: 'abort', task, reason: isAppError(reason) ? serializeError(reason) : undefined });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        const answer = await new Promise<FromExpandThread>((resolve, reject) => {
          waiting.set(task, { resolve, reject });
          say({ kind: 'expand', task, batch });
        });
        if (answer.thrown) throw deserializeError(answer.thrown);
        if (answer.overtaken) return 'overtaken';
        return answer.ended && deserializeError(answer.ended);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    async close() {
      const thread = worker;
      worker = undefined;
      if (!thread) return;
      const exited = once(thread, 'exit');
      await thread.terminate();
      await exited.catch(() => undefined);
    },
  };
}
