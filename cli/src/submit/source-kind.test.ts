import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSource } from './source-kind.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'timbre-source-'));
  for (const name of ['a.zip', 'b.TGZ', 'c.tar', 'm.jsonl', 'm.csv', 'x.wav']) writeFileSync(join(folder, name), 'xy');
  mkdirSync(join(folder, 'clips.zip'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('findSource', () => {
  it.each([
    ['a.zip', 'zip'],
    ['b.TGZ', 'tar.gz'],
    ['c.tar', 'tar'],
    ['m.jsonl', 'jsonl'],
    ['m.csv', 'csv'],
  ])('takes %s for a file of format %s', async (name, format) => {
    expect(await findSource([name], folder)).toMatchObject({
      kind: 'file',
      format,
      bytes: 2,
      path: join(folder, name),
    });
  });

  it('takes a folder for clips even if it is called clips.zip, and audio files too', async () => {
    expect(await findSource(['clips.zip'], folder)).toEqual({ kind: 'clips', paths: ['clips.zip'], name: 'clips.zip' });
    expect(await findSource(['x.wav', 'clips.zip'], folder)).toMatchObject({ kind: 'clips', name: 'clips' });
  });

  it('takes addresses for what they are', async () => {
    expect(await findSource(['s3://bucket/a/'], folder)).toEqual({ kind: 'prefix', prefix: 's3://bucket/a/' });
    const uris = ['https://a/1.wav', 'https://a/2.wav'];
    expect(await findSource(uris, folder)).toEqual({ kind: 'uris', uris });
  });

  it.each([
    [['a.zip', 'x.wav'], 'one archive or manifest makes one batch'],
    [['s3://a', 's3://b'], 'one prefix makes one batch'],
    [['https://a/1.wav', 'x.wav'], 'files and addresses cannot be one batch'],
    [['gone.zip'], 'cannot read gone.zip'],
  ])('refuses %j', async (typed, reason) => {
    await expect(findSource(typed, folder)).rejects.toThrow(reason);
  });
});
