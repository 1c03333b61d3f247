/**
 * One live session. States: open → ending (the client said `end`, went away, or a limit was met: no more audio is taken;
 * windows in flight are answered) → saving (the take becomes a job) → closed. Each is entered once.
 *
 * Windows never hold up the audio of a take: a sender in real time gets windows skipped, one that is ahead of real time is
 * read more slowly. Bytes are only ever left in the socket, where TCP holds their sender.
 */
import { AppError, isAppError, toAppError } from '@timbre/shared/errors';
import type { JobView } from '@timbre/shared/contracts/job';
import type { StreamQuery, StreamServerMessage } from '@timbre/shared/contracts/stream';
import type { LoadedCard } from '@timbre/shared/models/model-catalog';
import type { Metrics } from '@timbre/shared/observability/metrics';
import { sampleBytes, wavHeader } from '@timbre/shared/wav-header';
import { WindowCutter, type CutWindow } from './window-cutter.js';
import type { RunWindow } from './window-jobs.js';
import { WindowLine } from './window-line.js';
import { planStream } from './window-plan.js';
import type { SavedTake } from './saved-takes.js';

/** How a session came to its end: a bounded label for metrics. */
export type SessionEnd = 'end' | 'gone' | 'idle' | 'limit' | 'error' | 'shutdown';

/** The client's side, without its protocol. */
export interface SessionPeer {
  send(message: StreamServerMessage): void;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Says goodbye; nothing is sent afterwards. */
  close(code: number, reason: string): void;
}

export interface SessionOptions {
  id: string;
  tenant: string;
  query: StreamQuery;
  model: LoadedCard;
  traceparent: string;
  /** Present when the session is to be kept. */
  take: SavedTake | undefined;
  peer: SessionPeer;
}

export interface SessionDeps {
  runWindow: RunWindow;
  metrics: Metrics;
  policy: { hopSeconds: number; windowsInFlight: number; maxSeconds: number; maxTakeBytes: number };
  now?: () => number;
}

export interface Session {
  receive(bytes: Buffer): void;
  /** Ends it; resolves when all is told and saved. Later calls wait for the first. */
  finish(how: SessionEnd, error?: AppError): Promise<void>;
}

/** RFC 6455 section 7.4.1, and the IANA registry for 1012 (service restart). */
const closeCodes: Readonly<Record<SessionEnd, number>> = {
  end: 1000,
  gone: 1000,
  idle: 1008,
  limit: 1008,
  error: 1011,
  shutdown: 1012,
};

/** A sender that is further ahead than this can wait. */
const aheadSeconds = 1;
/** Windows kept waiting for a sender that can wait, before it has to. */
const maxWaiting = 8;
/** Answers to windows in flight are awaited this long after the end. */
const drainMs = 15_000;

export function openSession(options: SessionOptions, deps: SessionDeps): Session {
  const { query, model, take, peer } = options;
  const { metrics, policy } = deps;
  const now = deps.now ?? Date.now;
  const plan = planStream(model.card.features, policy.hopSeconds);
  const bytesPerSample = sampleBytes[query.format];
  const cutter = new WindowCutter({ plan, sampleRateHz: query.rate, sampleBytes: bytesPerSample });
  const gone = new AbortController();
  const line = new WindowLine((message) => peer.send(message));
  const maxBytes = Math.min(policy.maxSeconds * query.rate * bytesPerSample, take ? policy.maxTakeBytes : Infinity);
  let inFlight = 0;
  let wake: (() => void) | undefined;
  let firstAtMs: number | undefined;
  let writing = false;
  let ending: Promise<void> | undefined;

  peer.send({
    type: 'ready',
    sessionId: options.id,
    model: model.card.id,
    labels: [...model.card.labels],
    windowSeconds: plan.windowSeconds,
    hopSeconds: plan.hopSeconds,
  });

  const isAhead = (): boolean =>
    cutter.seconds(cutter.receivedSamples) - (now() - (firstAtMs ?? now())) / 1000 > aheadSeconds;

  const start = (window: CutWindow): void => {
    inFlight += 1;
    const place = line.take();
    void answer(window).then((message) => {
      inFlight -= 1;
      place.fill(message);
      pump();
      wake?.();
    });
  };

  const answer = async (window: CutWindow): Promise<StreamServerMessage> => {
    const { seq, bytes, startSample, endSample } = window;
    try {
      const clip = {
        tenant: options.tenant,
        model,
        wav: Buffer.concat([wavHeader(query.format, query.rate, bytes.length), bytes]),
        seconds: cutter.seconds(endSample - startSample),
        traceparent: options.traceparent,
      };
      const message = windowMessage(await deps.runWindow(clip, gone.signal), window, cutter, now());
      metrics.streamWindows.inc({ outcome: message.type === 'window' ? 'answered' : 'failed' });
      if (message.type === 'window') metrics.streamWindowSeconds.observe(message.latencyMs / 1000);
      return message;
    } catch (thrown) {
      const error = isAppError(thrown) ? thrown : new AppError('internal', { cause: thrown });
      metrics.streamWindows.inc({ outcome: gone.signal.aborted ? 'dropped' : 'failed' });
      return { type: 'error', code: error.code, detail: error.message, seq };
    }
  };

  /** Hands out what waits, as far as there is room; the newest window is never the one that is skipped. */
  const pump = (): void => {
    while (cutter.waiting > 0 && !gone.signal.aborted) {
      const window = inFlight < policy.windowsInFlight ? cutter.next() : undefined;
      if (window) start(window);
      else if (cutter.waiting > 1 && ending === undefined && !isAhead()) {
        cutter.skip();
        line.skip();
        metrics.streamWindows.inc({ outcome: 'skipped' });
      } else break;
    }
    steer();
  };

  const steer = (): void => {
    if (writing || (ending === undefined && cutter.waiting > maxWaiting)) peer.pause();
    else peer.resume();
  };

  const keep = (bytes: Buffer): void => {
    const written = take?.write(bytes);
    if (!written) return;
    writing = true;
    void written.then(
      () => {
        writing = false;
        steer();
      },
      // The take tells of its failure itself.
      () => undefined,
    );
  };

  gone.signal.addEventListener('abort', () => wake?.());
  const settled = async (isSettled: () => boolean): Promise<void> => {
    while (!isSettled()) await new Promise<void>((resolve) => (wake = resolve));
  };

  const drained = async (): Promise<void> => {
    const until = setTimeout(() => gone.abort(new AppError('deadline_exceeded')), drainMs);
    await settled(() => gone.signal.aborted || (inFlight === 0 && cutter.waiting === 0));
    clearTimeout(until);
  };

  const end = async (how: SessionEnd, given: AppError | undefined): Promise<void> => {
    let error = given;
    if (how === 'gone') gone.abort(new AppError('upload_incomplete', { detail: 'the client went away' }));
    else {
      pump();
      if (how !== 'shutdown') await drained();
      const rest = gone.signal.aborted ? undefined : cutter.tail(now());
      if (rest && how !== 'shutdown') {
        start(rest);
        await drained();
      }
    }
    while (cutter.waiting > 0) {
      cutter.skip();
      line.skip();
    }
    gone.abort(new AppError('shutting_down'));
    // Each has its place in the line, and `end` comes last.
    if (how !== 'gone') await settled(() => inFlight === 0);
    const receivedSamples = cutter.receivedSamples;
    let jobId: string | undefined;
    try {
      jobId = await take?.save();
    } catch (thrown) {
      error ??= toAppError(thrown);
    }
    if (error) peer.send({ type: 'error', code: error.code, detail: error.message });
    peer.send({
      type: 'end',
      receivedSamples,
      durationSeconds: cutter.seconds(receivedSamples),
      ...(jobId === undefined ? {} : { jobId }),
    });
    metrics.streamSessions.inc({ end: how });
    peer.close(closeCodes[how], error?.code ?? 'end');
  };

  const finish = (how: SessionEnd, error?: AppError): Promise<void> => {
    // Deferred, so that `ending` is set before anything looks at it.
    ending ??= Promise.resolve().then(() => end(how, error));
    return ending;
  };

  return {
    receive(bytes) {
      if (ending !== undefined || bytes.length === 0) return;
      firstAtMs ??= now();
      const room = maxBytes - cutter.receivedBytes;
      const taken = bytes.subarray(0, room);
      cutter.push(taken, now());
      keep(taken);
      pump();
      if (bytes.length > room)
        void finish('limit', new AppError('audio_too_long', { details: { limitBytes: maxBytes } }));
    },
    finish,
  };
}

function windowMessage(job: JobView, window: CutWindow, cutter: WindowCutter, nowMs: number): StreamServerMessage {
  const { seq, startSample, endSample, arrivedAtMs } = window;
  const { result, error } = job;
  if (!result) return { type: 'error', code: error?.code ?? job.state, detail: error?.detail ?? job.state, seq };
  return {
    type: 'window',
    seq,
    startSeconds: cutter.seconds(startSample),
    endSeconds: cutter.seconds(endSample),
    decision: result.decision,
    label: result.label,
    confidence: result.confidence,
    scores: result.scores,
    rmsDbfs: result.quality.rmsDbfs,
    latencyMs: Math.max(0, nowMs - arrivedAtMs),
  };
}
