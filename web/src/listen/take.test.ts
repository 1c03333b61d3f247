import { describe, expect, it } from 'vitest';
import type { StreamServerMessage } from '@timbre/shared/contracts/stream';
import { MAX_KEPT_SECONDS, Take, type ConnectionEvents } from './take.js';

const RATE = 1000;
const ready: StreamServerMessage = {
  ...{ type: 'ready', sessionId: 's', model: 'm', labels: ['drums'] },
  ...{ windowSeconds: 2, hopSeconds: 0.5 },
};
const windowEnding = (endSeconds: number): StreamServerMessage => ({
  ...{ type: 'window', seq: 0, startSeconds: Math.max(0, endSeconds - 2), endSeconds },
  ...{ decision: 'label', label: 'drums', confidence: 0.9, scores: { drums: 0.9 }, rmsDbfs: -20, latencyMs: 12 },
});

/** A take whose server is in the test's hands. */
function takeInHand() {
  const sessions: { events: ConnectionEvents; sent: (ArrayBuffer | string)[]; closed: boolean }[] = [];
  const waiting: (() => void)[] = [];
  let nowMs = 0;
  const take = new Take({
    sampleRateHz: RATE,
    connect: (events) => {
      const session = { events, sent: [] as (ArrayBuffer | string)[], closed: false };
      sessions.push(session);
      return { send: (data) => session.sent.push(data), close: () => void (session.closed = true) };
    },
    onChange: () => undefined,
    now: () => nowMs,
    later: (act) => waiting.push(act),
  });
  return {
    take,
    sessions,
    latest: () => sessions.at(-1)!,
    say: (message: StreamServerMessage) => sessions.at(-1)!.events.onMessage(message),
    samplesOf: (index: number) =>
      sessions[index]!.sent.reduce((sum, data) => sum + (typeof data === 'string' ? 0 : data.byteLength / 2), 0),
    record: (pieces: number) => {
      for (let i = 0; i < pieces; i += 1) {
        nowMs += 20;
        take.add({ pcm: new ArrayBuffer(40), peak: 0.5 });
      }
    },
    pass: (ms: number) => (nowMs += ms),
    retry: () => waiting.shift()!(),
  };
}

describe('Take', () => {
  it('keeps what is captured before the server is ready, and sends it then', () => {
    const { take, record, say, samplesOf } = takeInHand();
    record(3);
    expect(samplesOf(0)).toBe(0);
    say(ready);
    record(2);
    expect(samplesOf(0)).toBe(100);
    expect(take.view).toMatchObject({ state: 'live', capturedSamples: 100, sentSamples: 100 });
  });

  it('measures from the capture of the last sample of a window to its answer', () => {
    const { take, record, say, pass } = takeInHand();
    say(ready);
    record(50);
    pass(70);
    say(windowEnding(1));
    expect(take.view.windows).toMatchObject([{ endSeconds: 1, soundToAnswerMs: 70 }]);
  });

  it('loses nothing over a server restart, and goes on in the time of the take', () => {
    const { take, record, say, latest, samplesOf, retry } = takeInHand();
    say(ready);
    record(100);
    latest().events.onClose(1006);
    expect(take.view.state).toBe('reconnecting');
    record(50);
    retry();
    say(ready);
    record(50);
    expect([samplesOf(0), samplesOf(1)]).toEqual([2000, 2000]);
    say(windowEnding(1));
    expect(take.view).toMatchObject({ state: 'live', reconnects: 1, windows: [{ startSeconds: 2, endSeconds: 3 }] });
  });

  it('goes on in a second part when the server ends the session itself', () => {
    const { take, say, latest, retry, record } = takeInHand();
    say(ready);
    say({ type: 'end', receivedSamples: 10, durationSeconds: 0.01, jobId: 'j1' });
    latest().events.onClose(1001);
    retry();
    say(ready);
    record(1);
    take.end();
    say({ type: 'end', receivedSamples: 20, durationSeconds: 0.02, jobId: 'j2' });
    expect(take.view).toMatchObject({ state: 'ended', jobIds: ['j1', 'j2'], receivedSamples: 30 });
  });

  it('asks for the last answers at the end, and takes no more sound', () => {
    const { take, say, latest, record } = takeInHand();
    say(ready);
    take.end();
    record(5);
    expect(latest().sent).toEqual(['{"type":"end"}']);
    expect(take.view).toMatchObject({ state: 'ending', capturedSamples: 0 });
  });

  it('stops with what to do when the server refuses, and does not try again', () => {
    const { take, say, latest, sessions } = takeInHand();
    say({ type: 'error', code: 'too_many_streams', detail: 'Close another one.' });
    latest().events.onClose(1008);
    expect(take.view).toMatchObject({
      state: 'failed',
      problem: { title: 'The server is busy', detail: 'Close another one.' },
    });
    expect(sessions).toHaveLength(1);
  });

  it(`gives up when ${MAX_KEPT_SECONDS} seconds are kept, before the memory is full`, () => {
    const { take, record } = takeInHand();
    record(MAX_KEPT_SECONDS * 50 + 1);
    expect(take.view).toMatchObject({ state: 'failed', problem: { title: 'The server has been away for too long' } });
  });

  it('counts windows that were skipped or failed, and goes on', () => {
    const { take, say } = takeInHand();
    say(ready);
    say({ type: 'lagging', skipped: 2 });
    say({ type: 'error', code: 'deadline_exceeded', detail: 'late', seq: 7 });
    expect(take.view).toMatchObject({ state: 'live', skipped: 3, problem: undefined });
  });
});
