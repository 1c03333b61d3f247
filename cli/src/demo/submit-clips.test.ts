import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { TimbreApiError } from '@timbre/client/api-error';
import type { ClipJobs } from '@timbre/client';
import { submitClips, type ClipOutcome } from './submit-clips.js';

describe('submitClips', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-submit-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const clips = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const path = join(folder, `${index}.wav`);
      writeFileSync(path, 'x');
      return { path, name: `${index}.wav`, bytes: 1 };
    });
  const job = (id: string, state: string) => ({ id, state }) as JobView;
  const run = (jobs: Partial<ClipJobs>, count: number, done: ClipOutcome[] = []) =>
    submitClips(clips(count), {
      jobs: jobs as ClipJobs,
      parallel: 3,
      signal: new AbortController().signal,
      onDone: (outcome) => void done.push(outcome),
    });

  it('keeps 3 of 10 clips in flight and answers in their order', async () => {
    let inFlight = 0;
    let most = 0;
    const outcomes = await run(
      {
        submit: async ({ name }) => {
          most = Math.max(most, ++inFlight);
          return job(name, 'queued');
        },
        wait: async (id) => {
          // Later clips end first.
          for (let turn = 10 - parseInt(id); turn > 0; turn--) await Promise.resolve();
          inFlight--;
          return job(id, 'succeeded');
        },
      },
      10,
    );
    expect(most).toBe(3);
    expect(outcomes.map((outcome) => outcome.job?.id)).toEqual(Array.from({ length: 10 }, (_, i) => `${i}.wav`));
  });

  it('carries on past a clip the service refuses', async () => {
    const done: ClipOutcome[] = [];
    const outcomes = await run(
      {
        submit: async ({ name }) => {
          if (name === '1.wav') throw new TimbreApiError(413, '{"code":"payload_too_large","detail":"too big"}');
          return job(name, 'queued');
        },
        wait: async (id) => job(id, 'succeeded'),
      },
      3,
      done,
    );
    expect(outcomes.map(({ refusal, job: finished }) => refusal?.code ?? finished?.state)).toEqual([
      'succeeded',
      'payload_too_large',
      'succeeded',
    ]);
    expect(done).toHaveLength(3);
  });

  it('aborts the other clips when the service cannot be reached', async () => {
    const aborted: string[] = [];
    const work = run(
      {
        submit: ({ name }, { signal } = {}) =>
          new Promise((_resolve, reject) => {
            signal!.addEventListener('abort', () => void aborted.push(name));
            if (name === '2.wav') reject(new TypeError('fetch failed'));
          }),
      },
      3,
    );
    await expect(work).rejects.toThrow('fetch failed');
    expect(aborted.sort()).toEqual(['0.wav', '1.wav', '2.wav']);
  });
});
