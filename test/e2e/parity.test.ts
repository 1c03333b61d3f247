/**
 * Python and the running system give every bundled sample the same scores by every model. Python's were written by
 * `npm run parity` (training/timbre_training/parity.py: onnxruntime on packs of `timbre features`), so that this test needs
 * no Python.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { root, startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { finished, sample, submit } from '../client.js';

const TOLERANCE = 1e-4;
const goldenSchema = z.strictObject({
  command: z.string(),
  tools: z.record(z.string(), z.string()),
  models: z.record(
    z.string(),
    z.strictObject({
      modelDigest: z.string(),
      /** The graph alone, one thread; for docs/models.md. */
      millisecondsPerClip: z.number(),
      clips: z.record(
        z.string(),
        z.strictObject({ decision: z.string(), windows: z.int(), scores: z.record(z.string(), z.number()) }),
      ),
    }),
  ),
});
const servedSchema = z.looseObject({
  models: z.array(z.looseObject({ id: z.string(), modelDigest: z.string() })),
});

let system: TestSystem;
let golden: z.infer<typeof goldenSchema>;
let served: z.infer<typeof servedSchema>['models'];
let samples: string[];

beforeAll(async () => {
  golden = goldenSchema.parse(JSON.parse(await readFile(join(root, 'test/e2e/golden/model-scores.json'), 'utf8')));
  samples = Object.keys(JSON.parse(await readFile(sample('expected.json'), 'utf8')) as object);
  system = await startSystem({ env: { MODELS_URL: join(root, 'models') } });
  served = servedSchema.parse(await (await fetch(`${system.url}/v1/models`)).json()).models;
});
afterAll(() => system.stop());

describe('parity of Python and the running system', () => {
  it('has scores of Python for every model in models/, as it is now', () => {
    expect(served.length).toBeGreaterThan(0);
    for (const { id, modelDigest } of served) {
      const hint = `Python's scores of ${id} are of another version of it: run \`npm run parity\` (docs/models.md)`;
      expect(golden.models[id]?.modelDigest, hint).toBe(modelDigest);
      expect(Object.keys(golden.models[id]?.clips ?? {}).sort(), hint).toEqual([...samples].sort());
    }
  });

  it('gives all samples by all models the same decision, and the same scores to 1e-4', async () => {
    let worst = { difference: 0, where: '' };
    for (const { id } of served) {
      const jobs = await Promise.all(samples.map((name) => submit(system.url, sample(name), { model: id })));
      const views = await Promise.all(jobs.map((job) => finished(system.url, job.id)));
      for (const { clip, result } of views) {
        const python = golden.models[id]?.clips[clip.name];
        expect(result?.decision === 'label' ? result.label : result?.decision, clip.name).toBe(python?.decision);
        expect(Object.keys(result?.scores ?? {})).toEqual(Object.keys(python?.scores ?? {}));
        for (const [label, score] of Object.entries(python?.scores ?? {})) {
          const difference = Math.abs(score - (result?.scores[label] ?? NaN));
          // A NaN is no larger than anything.
          if (!(difference <= worst.difference)) worst = { difference, where: `${id} ${clip.name} ${label}` };
        }
      }
    }
    expect(worst.difference, worst.where).toBeLessThan(TOLERANCE);
  });
});
