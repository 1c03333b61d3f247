import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openUploadMemory, uploadMemoryPath } from './upload-memory.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-memory-'))));
afterEach(() => rmSync(folder, { recursive: true }));
const file = { url: 'http://a', path: '/x.zip', bytes: 9, modifiedMs: 5 };

it('finds the upload of a file, and none of a changed file or another system', async () => {
  const memory = openUploadMemory(join(folder, 'deep', 'uploads.json'));
  await memory.keep(file, 'u1');
  expect(await memory.find(file)).toBe('u1');
  expect(await memory.find({ ...file, modifiedMs: 6 })).toBeUndefined();
  expect(await memory.find({ ...file, url: 'http://b' })).toBeUndefined();
  await memory.keep(file, undefined);
  expect(await memory.find(file)).toBeUndefined();
});

it('forgets after 7 days', async () => {
  let clock = 0;
  const memory = openUploadMemory(join(folder, 'uploads.json'), () => clock);
  await memory.keep(file, 'u1');
  clock = 7 * 86_400_000;
  expect(await memory.find(file)).toBeUndefined();
});

it('begins anew with a file that cannot be understood', async () => {
  const path = join(folder, 'uploads.json');
  writeFileSync(path, '{"half":');
  const memory = openUploadMemory(path);
  expect(await memory.find(file)).toBeUndefined();
  await memory.keep(file, 'u1');
  expect(await memory.find(file)).toBe('u1');
});

it('lies in the folder for caches', () => {
  expect(uploadMemoryPath({ XDG_CACHE_HOME: '/c' })).toBe('/c/timbre/uploads.json');
});
