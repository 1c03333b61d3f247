import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isAppError, type AppError } from '@timbre/shared/errors';
import { defaultArchiveLimits } from '../archive-limits.js';
import { collect } from '../testing/collect.js';
import { memorySource } from '../testing/memory-source.js';
import { noise, ramp, silence } from '../testing/sounds.js';
import { rawTar } from '../testing/tar-bytes.js';
import { inflateTarGz, type InflateOptions } from './inflate-tar-gz.js';
import { readTar } from './read-tar.js';

async function inflate(bytes: Buffer, options: Partial<InflateOptions> = {}): Promise<Buffer> {
  const signal = new AbortController().signal;
  const parts: Buffer[] = [];
  for await (const part of inflateTarGz(memorySource(bytes), { limits: defaultArchiveLimits(), signal, ...options }))
    parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const codeOf = (reading: Promise<unknown>) =>
  reading.then(
    () => 'no error',
    (error: unknown) => (isAppError(error) ? error.code : String(error)),
  );

describe('inflateTarGz', () => {
  const clip = Buffer.concat([noise(3_000_000), ramp(2_000_000)]);
  const tar = rawTar([
    { name: 'a.wav', content: noise(500_000, 2) },
    { name: 'b.wav', content: clip },
  ]);

  it('gives the tar back, from several members too', async () => {
    const half = 1_000_000;
    expect((await inflate(gzipSync(tar))).equals(tar)).toBe(true);
    const members = Buffer.concat([gzipSync(tar.subarray(0, half)), gzipSync(tar.subarray(half))]);
    expect((await inflate(members)).equals(tar)).toBe(true);
  });

  it('passes over the padding behind a gzip', async () => {
    expect((await inflate(Buffer.concat([gzipSync(tar), Buffer.alloc(100_000)]))).equals(tar)).toBe(true);
  });

  it('fails with archive_corrupt when cut or damaged', async () => {
    const gzipped = gzipSync(tar);
    expect(await codeOf(inflate(gzipped.subarray(0, -1)))).toBe('archive_corrupt');
    gzipped.fill(0x55, 1_000_000, 1_000_100);
    expect(await codeOf(inflate(gzipped))).toBe('archive_corrupt');
  });

  it('gives everything before the damage to a reader that asks for it', async () => {
    const damages: AppError[] = [];
    const cut = await inflate(gzipSync(tar).subarray(0, 1_500_000), {
      onDamage: (damage) => void damages.push(damage),
    });
    expect(damages).toMatchObject([{ code: 'archive_corrupt' }]);
    expect(cut.length).toBeGreaterThan(1_400_000);
    expect(await collect(readTar, memorySource(cut))).toMatchObject({
      lines: ['a.wav', 'b.wav: archive_entry_corrupt'],
      error: { code: 'archive_corrupt', details: { afterEntries: 1 } },
    });
  });

  it('stops a bomb at 1 GiB over what its size allows, or at the total limit', async () => {
    const limits = { ...defaultArchiveLimits(), maxInflatedBytes: 2_000_000 };
    expect(await codeOf(inflate(gzipSync(silence(50_000_000)), { limits }))).toBe('archive_limit');
  });

  it('ends with the reason of an aborted signal', async () => {
    const abort = new AbortController();
    abort.abort(new Error('canceled'));
    await expect(inflate(gzipSync(tar), { signal: abort.signal })).rejects.toThrow('canceled');
  });
});
