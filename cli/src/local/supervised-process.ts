/**
 * One child kept running. States: `running` → (death) `waiting` → (backoff over) `running`; from either, `stop` leads to
 * `stopped`, which is final. A stop asked during the backoff cancels the restart; asked twice, both callers wait for the
 * same end. When the leader ends, what is left of its process group is killed.
 */
import type { ChildProcess } from 'node:child_process';
import type { RestartPolicy } from './restart-policy.js';
import { signalGroup } from './signal-group.js';

/** The part of `ChildProcess` this needs. */
export type ChildHandle = Pick<ChildProcess, 'pid' | 'once'>;

export interface ChildDeath {
  name: string;
  /** `exit code 1`, `SIGKILL`, or why it could not be started. */
  reason: string;
  uptimeMs: number;
  restartInMs: number;
  /** Deaths since the last run that held. */
  failures: number;
}

export interface SupervisedProcessOptions {
  name: string;
  launch: () => ChildHandle;
  policy: RestartPolicy;
  onStart?: (pid: number) => void;
  onDeath: (death: ChildDeath) => void;
  signal?: typeof signalGroup;
  now?: () => number;
}

export interface SupervisedProcess {
  readonly name: string;
  readonly state: 'running' | 'waiting' | 'stopped';
  readonly pid: number | undefined;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when the child is gone. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL now, for a stop that must not wait any longer. */
  kill(): void;
}

/** Launches at once and keeps the child running until `stop`. */
export function superviseProcess(options: SupervisedProcessOptions): SupervisedProcess {
  const { name, policy, onStart, onDeath, signal = signalGroup, now = () => performance.now() } = options;
  let state: SupervisedProcess['state'] = 'waiting';
  let pid: number | undefined;
  let restartTimer: NodeJS.Timeout | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  let stopped: Promise<void> | undefined;
  let finish = (): void => undefined;

  const died = (reason: string, uptimeMs: number): void => {
    if (pid !== undefined) signal(pid, 'SIGKILL');
    pid = undefined;
    if (stopped) {
      finish();
      return;
    }
    state = 'waiting';
    const restartInMs = policy.nextDelayMs(uptimeMs);
    restartTimer = setTimeout(start, restartInMs);
    onDeath({ name, reason, uptimeMs, restartInMs, failures: policy.failures });
  };

  const start = (): void => {
    const startedAtMs = now();
    state = 'running';
    onceEnded(options.launch, {
      started: (leaderPid) => {
        pid = leaderPid;
        onStart?.(leaderPid);
      },
      ended: (reason) => died(reason, now() - startedAtMs),
    });
  };

  const send = (what: NodeJS.Signals): void => {
    if (pid !== undefined) signal(pid, what);
  };

  start();
  return {
    name,
    get state() {
      return state;
    },
    get pid() {
      return pid;
    },
    stop(graceMs) {
      stopped ??= new Promise((resolve) => {
        finish = () => {
          state = 'stopped';
          clearTimeout(killTimer);
          resolve();
        };
        clearTimeout(restartTimer);
        if (state === 'waiting') {
          finish();
          return;
        }
        send('SIGTERM');
        killTimer = setTimeout(() => send('SIGKILL'), graceMs);
      });
      return stopped;
    },
    kill: () => send('SIGKILL'),
  };
}

interface LaunchEvents {
  started: (pid: number) => void;
  ended: (reason: string) => void;
}

/** Reports the end of a launch exactly once, also when it never became a process. */
function onceEnded(launch: () => ChildHandle, { started, ended }: LaunchEvents): void {
  let over = false;
  const end = (reason: string): void => {
    if (over) return;
    over = true;
    ended(reason);
  };
  let child: ChildHandle;
  try {
    child = launch();
  } catch (error) {
    end(String(error));
    return;
  }
  child.once('error', (error: Error) => end(error.message));
  child.once('exit', (code: number | null, killedBy: NodeJS.Signals | null) =>
    end(killedBy ?? `exit code ${code ?? 'unknown'}`),
  );
  if (child.pid !== undefined) started(child.pid);
}
