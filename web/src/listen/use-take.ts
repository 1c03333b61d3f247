/** The take under way, for the view: starts and ends it, and keeps its levels for drawing. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useSession } from '../server/session.js';
import type { Problem } from '../parts/problem.js';
import { MicrophoneProblem, openMicrophone, type Microphone } from './microphone.js';
import { openStreamSocket, streamUrl } from './stream-socket.js';
import { Take, type TakeView } from './take.js';

/** How loud it was, a value for each piece; the newest last. Read by what draws, without a render. */
export interface Levels {
  peaks: number[];
  pieceSeconds: number;
  /** Seconds before the first of `peaks`. */
  droppedSeconds: number;
}

export interface StartOptions {
  deviceId: string | undefined;
  model: string | undefined;
  save: boolean;
}

export interface Listening {
  /** Undefined before the first take. */
  view: TakeView | undefined;
  running: boolean;
  levels: Levels;
  problem: Problem | undefined;
  start: (options: StartOptions) => void;
  stop: () => void;
}

const MAX_PIECES = 6000;
const COUNT_MS = 250;

export function useTake(): Listening {
  const { apiKey } = useSession();
  const [view, setView] = useState<TakeView>();
  const [problem, setProblem] = useState<Problem>();
  const [opening, setOpening] = useState(false);
  const levels = useRef<Levels>({ peaks: [], pieceSeconds: 0.02, droppedSeconds: 0 });
  const take = useRef<Take | undefined>(undefined);
  const microphone = useRef<Microphone | undefined>(undefined);

  const closeMicrophone = useCallback(() => {
    microphone.current?.close();
    microphone.current = undefined;
  }, []);
  const stop = useCallback(() => {
    closeMicrophone();
    take.current?.end();
  }, [closeMicrophone]);
  useEffect(() => stop, [stop]);
  useEffect(() => {
    if (view?.state === 'failed') closeMicrophone();
  }, [view?.state, closeMicrophone]);

  const isLive = view !== undefined && view.state !== 'ended' && view.state !== 'failed';
  useEffect(() => {
    if (!isLive) return;
    // Samples are counted far more often than they can be read.
    const timer = setInterval(() => setView(take.current?.view), COUNT_MS);
    return () => clearInterval(timer);
  }, [isLive]);

  const start = useCallback(
    ({ deviceId, model, save }: StartOptions) => {
      setProblem(undefined);
      setView(undefined);
      setOpening(true);
      take.current = undefined;
      levels.current = { peaks: [], pieceSeconds: 0.02, droppedSeconds: 0 };
      const lost = (): void =>
        take.current?.lose({ title: 'The microphone is gone', detail: 'Plug it in again, then start again.' });
      openMicrophone(
        deviceId,
        (piece) => {
          remember(levels.current, piece.peak);
          take.current?.add(piece);
        },
        lost,
      )
        .then((opened) => {
          microphone.current = opened;
          levels.current = { peaks: [], pieceSeconds: 0.02, droppedSeconds: 0 };
          const name = `Take ${new Date().toLocaleString()}`;
          const address = { sampleRateHz: opened.sampleRateHz, model, save, name };
          const started = new Take({
            sampleRateHz: opened.sampleRateHz,
            connect: (events) => openStreamSocket(streamUrl(location.origin, address), apiKey, events),
            onChange: () => {
              if (take.current === started || take.current === undefined) setView(take.current?.view);
            },
          });
          take.current = started;
          setView(started.view);
        })
        .catch((error: unknown) => {
          setProblem(
            error instanceof MicrophoneProblem
              ? error.problem
              : { title: 'The microphone could not be opened', detail: String(error) },
          );
        })
        .finally(() => setOpening(false));
    },
    [apiKey],
  );
  return {
    view,
    running: opening || isLive,
    levels: levels.current,
    problem: problem ?? view?.problem,
    start,
    stop,
  };
}

function remember(levels: Levels, peak: number): void {
  levels.peaks.push(peak);
  if (levels.peaks.length <= MAX_PIECES) return;
  levels.peaks.splice(0, 1000);
  levels.droppedSeconds += 1000 * levels.pieceSeconds;
}
