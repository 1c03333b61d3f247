/**
 * The pool's end of one thread. States: *running* → *ended*, once. Calls that are pending when the thread ends fail with
 * `internal` (another attempt may succeed); calls on an ended thread fail at once.
 */
import { Worker } from 'node:worker_threads';
import { AppError, deserializeError } from '@timbre/shared/errors';
import type { ThreadAnswers, ThreadMessage, ThreadReply, ThreadRequest } from './thread-protocol.js';

export interface ThreadHandle {
  /** Calls not answered yet. */
  readonly pending: number;
  readonly ended: Promise<Error>;
  /** @param transfer buffers that the caller gives away */
  call<K extends keyof ThreadAnswers>(
    request: Extract<ThreadRequest, { kind: K }>,
    transfer?: ArrayBuffer[],
  ): Promise<ThreadAnswers[K]>;
}

interface Pending {
  resolve: (answer: never) => void;
  reject: (error: AppError) => void;
}

export function startThread(entry: URL): ThreadHandle {
  const worker = new Worker(entry, { name: 'inference' });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let over = false;
  let cause: Error | undefined;

  worker.on('message', (reply: ThreadReply) => {
    const call = pending.get(reply.id);
    pending.delete(reply.id);
    if (reply.ok) call?.resolve(reply.answer as never);
    else call?.reject(deserializeError(reply.error));
  });
  worker.on('error', (error: Error) => (cause = error));

  const ended = new Promise<Error>((resolve) => {
    worker.on('exit', (code) => {
      over = true;
      const reason = cause ?? new Error(`the inference thread ended with code ${code}`);
      for (const { reject } of pending.values()) reject(gone(reason));
      pending.clear();
      resolve(reason);
    });
  });
  const gone = (reason?: Error) =>
    new AppError('internal', { detail: 'the inference thread ended during the call', cause: reason });

  return {
    get pending() {
      return pending.size;
    },
    ended,
    call: (request, transfer = []) =>
      new Promise((resolve, reject) => {
        if (over) throw gone(cause);
        const id = (lastId += 1);
        pending.set(id, { resolve, reject });
        worker.postMessage({ id, request } satisfies ThreadMessage, transfer);
      }),
  };
}

/** Compiled code runs its neighbour; TypeScript sources (under vitest) run what `tsc -b services/worker` made of it. */
export const threadEntry = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/inference/inference-thread.js' : './inference-thread.js',
  import.meta.url,
);
