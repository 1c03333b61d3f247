/** What docs/operations.md promises of restoring and of upgrading, tried. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '@timbre/shared/contracts/job';
import { startSystem, type TestSystem } from '@timbre/shared/testing/test-system';
import { toneWav } from '../archive.js';
import { finished, submit } from '../client.js';

let folder = '';
const systems: TestSystem[] = [];
const start = async (...args: Parameters<typeof startSystem>): Promise<TestSystem> => {
  const system = await startSystem(...args);
  systems.push(system);
  return system;
};
const stop = async (system: TestSystem): Promise<void> => {
  systems.splice(systems.indexOf(system), 1);
  await system.stop();
};
const send = (system: TestSystem, serial: number) =>
  submit(system.url, { name: `${serial}.wav`, bytes: toneWav(serial) }, { lane: 'bulk' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'timbre-restore-'));
});
afterAll(async () => {
  await Promise.all(systems.map((system) => system.stop()));
  await rm(folder, { recursive: true, force: true });
});

describe('restoring', () => {
  it('from the object store alone, with an empty Redis: 4 finished clips are as they were, 3 unfinished ones end', async () => {
    const [live, backup] = [join(folder, 'live'), join(folder, 'backup')];
    const before = await start({ objectStoreUrl: `file:${live}` });
    const done: JobView[] = [];
    for (let serial = 0; serial < 4; serial += 1)
      done.push(await finished(before.url, (await send(before, serial)).id));
    await before.processes('worker')[0]!.terminate();
    const open = [];
    for (let serial = 10; serial < 13; serial += 1) open.push(await send(before, serial));
    await cp(live, backup, { recursive: true });
    await stop(before);

    const after = await start({ objectStoreUrl: `file:${backup}` });
    for (const { id, result } of done) expect((await finished(after.url, id)).result).toEqual(result);
    for (const { id } of open) expect((await finished(after.url, id)).state).toBe('succeeded');
    await stop(after);
  });
});

describe('upgrading', () => {
  it('process by process, old and new side by side, loses none of 60 clips and repeats none', async () => {
    const system = await start({ objectStoreUrl: `file:${join(folder, 'upgrade')}`, preprocess: 1, workers: 1 });
    const sent: JobView[] = [];
    const sendSome = async (from: number): Promise<void> => {
      for (let serial = from; serial < from + 20; serial += 1) sent.push(await send(system, 1000 + serial));
    };
    await sendSome(0);
    for (const [round, service] of (['worker', 'preprocess'] as const).entries()) {
      const [old] = system.processes(service);
      await system.add(service);
      const [code] = await Promise.all([old!.terminate(), sendSome(20 * (round + 1))]);
      expect(code).toBe(0);
    }
    const ended = [];
    for (const { id } of sent) ended.push(await finished(system.url, id));
    expect(ended.filter(({ state }) => state !== 'succeeded')).toEqual([]);
    expect(ended.filter(({ attempts }) => attempts !== 1)).toEqual([]);
    await stop(system);
  });
});
