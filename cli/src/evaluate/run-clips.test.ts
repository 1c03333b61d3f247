import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { TimbreApiError } from '@timbre/client/api-error';
import type { ClipUpload } from '@timbre/client';
import type { LabelledClip } from './labelled-clips.js';
import { runClips, type Outcome, type RunOptions } from './run-clips.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-run-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const clip = (name: string, label = 'piano'): LabelledClip => {
  const path = join(folder, name);
  writeFileSync(path, 'x');
  return { path, name, label, split: undefined };
};
const succeeded = (id: string, decision = 'label', label: string | null = 'piano') =>
  ({
    id,
    state: 'succeeded',
    clip: { name: id, durationSeconds: 3 },
    result: { decision, label, confidence: 0.75, scores: { piano: 0.75 } },
    provenance: { modelDigest: 'sha256:m', version: '1' },
    timings: { preprocessSeconds: 0.01, inferSeconds: 0.002 },
  }) as unknown as JobView;

const run = (clips: LabelledClip[], jobs: Partial<RunOptions['jobs']>, changes: Partial<RunOptions> = {}) =>
  runClips(clips, {
    jobs: {
      submit: async ({ name }) => ({ id: name }) as JobView,
      wait: async (id) => succeeded(id),
      ...jobs,
    },
    model: 'mfcc-cnn',
    truths: new Map([['piano', 'piano']]),
    parallel: 3,
    signal: new AbortController().signal,
    onDone: () => undefined,
    ...changes,
  });
const codeOf = (outcome: Outcome) => ('failed' in outcome ? outcome.failed.code : outcome.judged.decision);

describe('runClips', () => {
  it('keeps 3 of 10 clips in flight, all of the bulk lane and the model asked for, and answers in their order', async () => {
    const waiting: (() => void)[] = [];
    const sent: ClipUpload[] = [];
    let [most, ended] = [0, 0];
    // Ends the clip that came last, once as many wait as ever will.
    const endOne = (): void => {
      most = Math.max(most, waiting.length);
      while (waiting.length > 0 && waiting.length >= Math.min(3, 10 - ended)) {
        ended += 1;
        waiting.pop()!();
      }
    };
    const outcomes = await run(
      Array.from({ length: 10 }, (_, index) => clip(`${index}.wav`)),
      {
        submit: async (upload) => {
          sent.push(upload);
          return { id: upload.name } as JobView;
        },
        wait: (id) =>
          new Promise((resolve) => {
            waiting.push(() => resolve(succeeded(id)));
            endOne();
          }),
      },
    );
    expect(most).toBe(3);
    expect(new Set(sent.map(({ lane, model }) => `${lane} ${model}`))).toEqual(new Set(['bulk mfcc-cnn']));
    expect(outcomes.map((outcome) => 'judged' in outcome && outcome.judged.jobId)).toEqual(
      Array.from({ length: 10 }, (_, index) => `${index}.wav`),
    );
  });

  it('tells decision, guess and truth of unknown and mute clips', async () => {
    const jobs: Record<string, JobView> = {
      'a.wav': succeeded('a', 'unknown', 'piano'),
      'b.wav': succeeded('b', 'mute', null),
    };
    const outcomes = await run([clip('a.wav'), clip('b.wav')], { wait: async (id) => jobs[id]! });
    expect(outcomes).toMatchObject([
      { judged: { truth: 'piano', decision: 'unknown', guess: 'piano', confidence: 0.75, modelDigest: 'sha256:m' } },
      { judged: { truth: 'piano', decision: 'mute', guess: null, jobId: 'b' } },
    ]);
  });

  it('goes on past a refused clip, a failed job, an expired one, a server error and a file that is gone', async () => {
    const gone = { path: join(folder, 'gone.wav'), name: 'gone.wav', label: 'piano', split: undefined };
    const failedJob = { id: 'j2', state: 'failed', error: { code: 'audio_corrupt', detail: 'bad' } } as JobView;
    const outcomes = await run(
      [clip('refused.wav'), clip('corrupt.wav'), clip('late.wav'), clip('broken.wav'), gone, clip('good.wav')],
      {
        submit: async ({ name }) => {
          if (name === 'refused.wav') throw new TimbreApiError(413, '{"code":"payload_too_large"}');
          if (name === 'broken.wav') throw new TimbreApiError(500, '{"code":"internal"}');
          return { id: name } as JobView;
        },
        wait: async (id) => {
          if (id === 'corrupt.wav') return failedJob;
          return id === 'late.wav' ? ({ id, state: 'expired' } as JobView) : succeeded(id);
        },
      },
    );
    expect(outcomes.map(codeOf)).toEqual([
      'payload_too_large',
      'audio_corrupt',
      'expired',
      'internal',
      'file_unreadable',
      'piano',
    ]);
    expect(outcomes[1]).toMatchObject({ failed: { jobId: 'j2', detail: 'bad' } });
  });

  it('ends at once when the key is refused: 10 clips, no more than 3 tries', async () => {
    let tries = 0;
    const work = run(
      Array.from({ length: 10 }, (_, index) => clip(`${index}.wav`)),
      {
        submit: async () => {
          tries++;
          throw new TimbreApiError(401, '{"code":"auth_invalid","detail":"unknown key"}');
        },
      },
    );
    await expect(work).rejects.toThrow('auth_invalid: unknown key');
    expect(tries).toBeLessThanOrEqual(3);
  });

  it('aborts the other clips when the server is gone', async () => {
    let aborted = 0;
    const work = run([clip('0.wav'), clip('1.wav'), clip('2.wav')], {
      submit: ({ name }, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal!.addEventListener('abort', () => void aborted++);
          if (name === '2.wav') reject(new TypeError('fetch failed'));
        }),
    });
    await expect(work).rejects.toThrow('fetch failed');
    expect(aborted).toBe(3);
  });
});
