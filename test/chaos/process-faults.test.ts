/** Faults of processes (RELIABILITY: F1, F2, F3, F5, F7): nothing lost, nothing doubled, only the guilty fail. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { audit, type Witness } from '../audit.js';
import { finished, sample, submit } from '../client.js';
import { startSystem, type ProcessHandle, type TestSystem } from '@timbre/shared/testing/test-system';

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = new Uint8Array(await readFile(sample('violin-01.wav')));
});

const clip = (name: string) => ({ name, bytes });
const witness = (view: JobView): Witness => ({ id: view.id, seen: [view.state], view });
async function ends(system: TestSystem, names: string[], fields: Record<string, string> = {}): Promise<JobView[]> {
  const jobs = await Promise.all(names.map((name) => submit(system.url, clip(name), fields)));
  return Promise.all(jobs.map(({ id }) => finished(system.url, id)));
}

describe('killed and stopped processes', () => {
  let system: TestSystem;
  const only = (service: 'preprocess' | 'worker') => system.processes(service)[0] as ProcessHandle;
  beforeAll(async () => {
    system = await startSystem({ env: { TIMBRE_TEST_FAULTS: 'slow:slow,block:block' } });
  });
  afterAll(() => system.stop());

  it.each(['preprocess', 'worker'] as const)(
    'F1: a clip whose %s process is killed ends once, on a second attempt',
    async (service) => {
      const job = await submit(system.url, clip('slow.wav'));
      await expect
        .poll(async () => (await (await fetch(`${system.url}/v1/jobs/${job.id}`)).json()) as JobView, {
          timeout: 20_000,
        })
        .toMatchObject({
          state: service === 'preprocess' ? 'preprocessing' : 'inferring',
        });
      only(service).kill('SIGKILL');
      const view = await finished(system.url, job.id);
      expect(view).toMatchObject({ state: 'succeeded', attempts: 2 });
      expect(await audit(system, [witness(view)], new Map())).toEqual([]);
    },
  );

  it('F2: a process stopped for three locks and woken again changes nothing that was decided meanwhile', async () => {
    const job = await submit(system.url, clip('slow.wav'));
    await expect
      .poll(async () => ((await (await fetch(`${system.url}/v1/jobs/${job.id}`)).json()) as JobView).state, {
        timeout: 20_000,
      })
      .toBe('preprocessing');
    const zombie = only('preprocess');
    zombie.kill('SIGSTOP');
    const other = await system.add('preprocess');
    const view = await finished(system.url, job.id);
    zombie.kill('SIGCONT');
    const [later] = await ends(system, ['after.wav']);
    expect(await finished(system.url, job.id)).toEqual(view);
    expect(await audit(system, [view, later as JobView].map(witness), new Map())).toEqual([]);
    await other.terminate();
  });

  it('F3: an event loop that blocks past its lock does not double the job', async () => {
    const views = await ends(system, ['block.wav', 'beside-1.wav', 'beside-2.wav']);
    expect(views.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(await audit(system, views.map(witness), new Map())).toEqual([]);
  });

  it('F7: SIGTERM finishes what runs, takes nothing new and leaves within its deadline with status 0', async () => {
    const jobs = await Promise.all(
      ['slow-1.wav', 'slow-2.wav', 'slow-3.wav'].map((name) => submit(system.url, clip(name))),
    );
    const old = only('preprocess');
    const successor = await system.add('preprocess');
    const status = await old.terminate();
    expect(status).toBe(0);
    const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id)));
    expect(views.map(({ state, attempts }) => [state, attempts])).toEqual(Array(3).fill(['succeeded', 1]));
    expect(await audit(system, views.map(witness), new Map())).toEqual([]);
    expect(successor.restarts).toBe(0);
  });
});

describe('a clip that kills its process', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem({ preprocess: 2, env: { TIMBRE_TEST_FAULTS: 'die:killer' } });
  });
  afterAll(() => system.stop());

  it('F5: fails alone as item_quarantined after 3 deaths; 12 innocent neighbours succeed', async () => {
    const innocent = Array.from({ length: 12 }, (_, index) => `innocent-${index}.wav`);
    const names = [...innocent.slice(0, 6), 'killer.wav', ...innocent.slice(6)];
    const jobs = await Promise.all(names.map((name) => submit(system.url, clip(name))));
    const views = await Promise.all(jobs.map(({ id }) => finished(system.url, id, 120_000)));
    const failed = views.filter(({ state }) => state !== 'succeeded');
    expect(failed.map(({ clip: { name }, error }) => [name, error?.code])).toEqual([
      ['killer.wav', 'item_quarantined'],
    ]);
    const deaths = system.processes('preprocess').reduce((sum, { restarts }) => sum + restarts, 0);
    expect(deaths).toBe(3);
    expect(await audit(system, views.map(witness), new Map())).toEqual([]);
  }, 150_000);
});
