import { describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import type { StreamServerMessage } from '@timbre/shared/contracts/stream';
import type { LoadedCard } from '@timbre/shared/models/model-catalog';
import { AppError } from '@timbre/shared/errors';
import { createMetrics } from '@timbre/shared/observability/metrics';
import { openSession, type Session } from './session.js';
import type { RunWindow, WindowClip } from './window-jobs.js';

const rate = 8000;
const model = {
  card: {
    id: 'm',
    labels: ['drums', 'violin'],
    features: {
      version: 1,
      sampleRateHz: 8000,
      crop: { kind: 'sliding', windowSeconds: 2, hopSeconds: 1 },
      transform: { kind: 'waveform' },
    },
  },
} as unknown as LoadedCard;

const answer = {
  state: 'succeeded',
  result: {
    decision: 'label',
    label: 'drums',
    confidence: 0.9,
    scores: { drums: 0.9, violin: 0.1 },
    quality: { rmsDbfs: -20 },
  },
} as unknown as JobView;

interface Bench {
  session: Session;
  sent: StreamServerMessage[];
  clips: WindowClip[];
  /** Answers the oldest window at work. */
  answerNext: () => Promise<void>;
  fail: (error: AppError) => Promise<void>;
  clock: { ms: number };
  isPaused: () => boolean;
  closed: () => number | undefined;
  second: () => void;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function bench({ maxSeconds = 3600, save }: { maxSeconds?: number; save?: () => Promise<string> } = {}): Bench {
  const sent: StreamServerMessage[] = [];
  const clips: WindowClip[] = [];
  const open: { resolve: (view: JobView) => void; reject: (error: unknown) => void }[] = [];
  const clock = { ms: 0 };
  let paused = false;
  let closed: number | undefined;
  const runWindow: RunWindow = (clip, signal) =>
    new Promise((resolve, reject) => {
      clips.push(clip);
      open.push({ resolve, reject });
      AbortSignal.any([signal]).addEventListener('abort', () => reject(signal.reason as Error));
    });
  const session = openSession(
    {
      id: 's',
      tenant: 'local',
      query: { rate, format: 'pcm16', save: save !== undefined },
      model,
      traceparent: '',
      take: save && { write: () => undefined, save },
      peer: {
        send: (message) => sent.push(message),
        pause: () => (paused = true),
        resume: () => (paused = false),
        close: (code) => (closed = code),
      },
    },
    {
      runWindow,
      metrics: createMetrics('gateway'),
      policy: { hopSeconds: 0.5, windowsInFlight: 2, maxSeconds, maxTakeBytes: 1e9 },
      now: () => clock.ms,
    },
  );
  return {
    ...{ session, sent, clips, clock },
    async answerNext() {
      open.shift()?.resolve(answer);
      await settle();
    },
    async fail(error) {
      open.shift()?.reject(error);
      await settle();
    },
    isPaused: () => paused,
    closed: () => closed,
    second: () => session.receive(Buffer.alloc(rate * 2)),
  };
}

const shapes = (sent: readonly StreamServerMessage[]) =>
  sent.map((message) => {
    if (message.type === 'window') return message.seq;
    return message.type === 'lagging' ? `-${message.skipped}` : message.type;
  });

describe('a live session', () => {
  it('gives windows as wav of the sender and tells their latency from the arrival of the last sample', async () => {
    const { second, clips, clock, answerNext, sent } = bench();
    second();
    clock.ms = 40;
    await answerNext();
    expect(clips[0]?.wav.toString('latin1', 0, 4)).toBe('RIFF');
    expect(clips[0]?.wav).toHaveLength(44 + rate * 2);
    expect(sent[1]).toMatchObject({
      seq: 0,
      startSeconds: 0,
      endSeconds: 1,
      label: 'drums',
      rmsDbfs: -20,
      latencyMs: 40,
    });
  });

  it('skips the older ones of what waits for a sender in real time, with 2 at work', async () => {
    const { second, clock, sent, answerNext, isPaused } = bench();
    for (let i = 1; i <= 4; i++) {
      clock.ms = i * 1000;
      second();
    }
    // Due: 0 to 6. At work: 0, 1. Waiting: 6.
    expect(isPaused()).toBe(false);
    await answerNext();
    await answerNext();
    await answerNext();
    expect(shapes(sent)).toEqual(['ready', 0, 1, '-4', 6]);
  });

  it('skips nothing for a sender ahead of real time, and stops reading when more than 8 windows wait', async () => {
    const { second, sent, answerNext, isPaused } = bench();
    for (let i = 0; i < 6; i++) second();
    expect(isPaused()).toBe(true);
    for (let i = 0; i < 11; i++) await answerNext();
    expect(isPaused()).toBe(false);
    expect(shapes(sent)).toEqual(['ready', 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('goes on after a window that failed, and tells which', async () => {
    const { second, sent, fail, answerNext } = bench();
    second();
    second();
    await fail(new AppError('queue_full'));
    await answerNext();
    expect(sent[1]).toMatchObject({ type: 'error', code: 'queue_full', seq: 0 });
    expect(shapes(sent)).toEqual(['ready', 'error', 1]);
  });

  it('answers the rest before the end, a tail of 0.3 s with it', async () => {
    const { session, second, sent, answerNext, closed } = bench({ save: () => Promise.resolve('j1') });
    second();
    session.receive(Buffer.alloc(rate * 0.6));
    const over = session.finish('end');
    await settle();
    await answerNext();
    await answerNext();
    await over;
    expect(shapes(sent)).toEqual(['ready', 0, 1, 'end']);
    expect(sent.at(-2)).toMatchObject({ endSeconds: 1.3 });
    expect(sent.at(-1)).toMatchObject({ receivedSamples: 10_400, durationSeconds: 1.3, jobId: 'j1' });
    expect(closed()).toBe(1000);
  });

  it('takes no more than its limit, says so, and still saves', async () => {
    const { session, second, sent, answerNext, closed } = bench({ maxSeconds: 1, save: () => Promise.resolve('j1') });
    second();
    second();
    await answerNext();
    await session.finish('end');
    expect(shapes(sent)).toEqual(['ready', 0, 'error', 'end']);
    expect(sent.slice(-2)).toMatchObject([{ code: 'audio_too_long' }, { receivedSamples: rate, jobId: 'j1' }]);
    expect(closed()).toBe(1008);
  });

  it('saves the take of a client that went away without waiting for windows', async () => {
    let saved = 0;
    const { session, second } = bench({ save: () => Promise.resolve(`j${++saved}`) });
    second();
    await session.finish('gone');
    await session.finish('end');
    expect(saved).toBe(1);
  });

  it('tells of a take that could not be saved', async () => {
    const { session, second, sent } = bench({ save: () => Promise.reject(new AppError('storage_full')) });
    second();
    await session.finish('shutdown', new AppError('shutting_down'));
    expect(shapes(sent)).toEqual(['ready', 'error', 'error', 'end']);
    expect(sent.at(-1)).not.toHaveProperty('jobId');
  });
});
