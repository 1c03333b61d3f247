/**
 * A place in the pool that always has a thread, or is getting one. States: *up* (a thread lives) → *down* (it ended; a new
 * one is about to start) → *up*, and *closed* from either. A new thread loads every model of the pool before it counts for
 * that model. One that ends without having loaded or run anything is replaced after a growing pause, so a broken
 * installation cannot start threads in a loop.
 */
import { AppError } from '@timbre/shared/errors';
import type { Logger } from '@timbre/shared/observability/logger';
import { openModel, type ModelFile, type OpenOptions } from './open-model.js';
import { startThread, type ThreadHandle } from './thread-handle.js';
import type { LoadedGraph } from './thread-protocol.js';

export interface SupervisedThread {
  /** Whether runs of this model can go here now. */
  has(model: string): boolean;
  readonly pending: number;
  load(file: ModelFile, options: OpenOptions): Promise<LoadedGraph>;
  run(model: string, rows: Float32Array<ArrayBuffer>, count: number): Promise<Float32Array>;
  unload(model: string): Promise<void>;
  /** Lets what runs finish, then ends the thread. */
  close(): Promise<void>;
}

export interface SupervisorOptions {
  entry: URL;
  /** Models a new thread must have. */
  models: () => { file: ModelFile; options: OpenOptions }[];
  /** Called whenever `has` may answer differently. */
  onChange: () => void;
  log: Logger;
}

const firstPauseMs = 100;
const longestPauseMs = 10_000;

export function superviseThread({ entry, models, onChange, log }: SupervisorOptions): SupervisedThread {
  const loaded = new Set<string>();
  let pauseMs = 0;
  let closed = false;
  let respawn: NodeJS.Timeout | undefined;
  let thread = start();

  function start(): ThreadHandle {
    const fresh = startThread(entry);
    void fresh.ended.then((reason) => {
      if (closed) return;
      log.error({ err: reason, pauseMs }, 'inference thread ended, starting another');
      loaded.clear();
      onChange();
      respawn = setTimeout(() => {
        thread = start();
        void restore(thread);
      }, pauseMs);
      pauseMs = Math.min(Math.max(firstPauseMs, pauseMs * 2), longestPauseMs);
    });
    return fresh;
  }

  async function restore(fresh: ThreadHandle): Promise<void> {
    for (const { file, options } of models()) {
      try {
        await loadInto(fresh, file, options);
      } catch (error) {
        log.error({ err: error, model: file.card.id }, 'model could not be loaded into the new thread');
      }
    }
  }

  async function loadInto(target: ThreadHandle, file: ModelFile, options: OpenOptions): Promise<LoadedGraph> {
    const graph = await openModel(target, file, options);
    if (target === thread) {
      loaded.add(file.model);
      pauseMs = 0;
      onChange();
    }
    return graph;
  }

  return {
    has: (model) => loaded.has(model),
    get pending() {
      return thread.pending;
    },
    load: (file, options) => loadInto(thread, file, options),
    run: (model, rows, count) => thread.call({ kind: 'run', model, rows, count }, [rows.buffer]),
    async unload(model) {
      loaded.delete(model);
      await thread.call({ kind: 'unload', model });
    },
    async close() {
      closed = true;
      clearTimeout(respawn);
      await thread.call({ kind: 'close' }).catch((error: unknown) => {
        if (!(error instanceof AppError && error.code === 'internal')) throw error;
      });
      await thread.ended;
    },
  };
}
