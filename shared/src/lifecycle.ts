/**
 * Start and stop of one process. States: running → draining → stopped, entered once each.
 * On SIGTERM or SIGINT resources are released last-in-first-out, each once, past failures, within a deadline; what does not
 * let go in time ends with exit code 1 rather than hanging its supervisor.
 */
import type { Logger } from './observability/logger.js';

export interface Lifecycle {
  /** Registers a release; the last one registered runs first. */
  onStop(name: string, release: () => Promise<void> | void): void;
  readonly draining: boolean;
  stop(reason: string, exitCode?: number): Promise<void>;
}

export interface LifecycleOptions {
  log: Logger;
  drainTimeoutMs: number;
  exit?: (code: number) => void;
}

export function createLifecycle({
  log,
  drainTimeoutMs,
  exit = process.exit.bind(process),
}: LifecycleOptions): Lifecycle {
  const releases: { name: string; release: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;

  const releaseAll = async (): Promise<boolean> => {
    let clean = true;
    for (const { name, release } of releases.reverse()) {
      try {
        await release();
      } catch (error) {
        clean = false;
        log.error({ err: error, resource: name }, 'release failed');
      }
    }
    return clean;
  };

  const stop = (reason: string, exitCode = 0): Promise<void> => {
    stopping ??= (async () => {
      log.info({ reason }, 'draining');
      const timer = setTimeout(() => {
        log.error({ drainTimeoutMs }, 'drain deadline passed, leaving');
        exit(1);
      }, drainTimeoutMs);
      const clean = await releaseAll();
      clearTimeout(timer);
      log.info('stopped');
      exit(clean ? exitCode : 1);
    })();
    return stopping;
  };

  return {
    onStop: (name, release) => void releases.push({ name, release }),
    get draining() {
      return stopping !== undefined;
    },
    stop,
  };
}

/** Binds signals and fatal errors of the process to a lifecycle. */
export function bindProcess(lifecycle: Lifecycle, log: Logger): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void lifecycle.stop(signal));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception');
    void lifecycle.stop('uncaughtException', 1);
  });
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection');
    void lifecycle.stop('unhandledRejection', 1);
  });
}
