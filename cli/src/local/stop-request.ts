/**
 * How a person or another program ends a local system. The first signal asks for an orderly stop; one that comes clearly
 * later asks not to wait for work in hand. Repeats within the first moments are one Ctrl-C: npm passes on to its child what
 * the terminal has already sent to every process in the foreground.
 */
const SAME_PRESS_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface StopRequest {
  readonly signal: AbortSignal;
  /** Calls back at every later, separate request. */
  onHurry(hurry: () => void): void;
  /** Takes the handlers off. */
  dispose(): void;
}

interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export function listenForStop(
  source: SignalSource = process,
  now: () => number = () => performance.now(),
): StopRequest {
  const controller = new AbortController();
  const hurries: (() => void)[] = [];
  let firstAtMs: number | undefined;
  const onSignal = (): void => {
    if (firstAtMs === undefined) {
      firstAtMs = now();
      controller.abort(new Error('stop requested'));
    } else if (now() - firstAtMs >= SAME_PRESS_MS) {
      for (const hurry of hurries) hurry();
    }
  };
  for (const signal of SIGNALS) source.on(signal, onSignal);
  return {
    signal: controller.signal,
    onHurry: (hurry) => void hurries.push(hurry),
    dispose: () => {
      for (const signal of SIGNALS) source.off(signal, onSignal);
    },
  };
}
