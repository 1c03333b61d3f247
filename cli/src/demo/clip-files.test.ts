import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findClips } from './clip-files.js';

describe('findClips', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'timbre-clips-'));
    mkdirSync(join(root, 'a', 'deep'), { recursive: true });
    for (const name of ['b.mp3', 'a/deep/c.FLAC', 'a/notes.txt', '.hidden.wav']) writeFileSync(join(root, name), 'x');
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const names = async (...paths: string[]) => (await findClips(paths, root)).map(({ name }) => name);

  it('searches a folder below itself for audio in any letter case, sorted, without hidden files', async () => {
    expect(await names('.')).toEqual(['a/deep/c.FLAC', 'b.mp3']);
  });

  it('takes a file named outright whatever its extension', async () => {
    expect(await names('a/notes.txt')).toEqual(['a/notes.txt']);
  });

  it('lists a file once when it is named twice', async () => {
    expect(await names('b.mp3', '.')).toEqual(['b.mp3', 'a/deep/c.FLAC']);
  });

  it('ends on a link back to the folder itself', async () => {
    symlinkSync(root, join(root, 'a', 'loop'));
    expect(await names('.')).toEqual(['a/deep/c.FLAC', 'b.mp3']);
  });

  it('says which path is not there', async () => {
    await expect(findClips(['gone.wav'], root)).rejects.toThrow(/^cannot read gone\.wav: ENOENT/);
  });
});
