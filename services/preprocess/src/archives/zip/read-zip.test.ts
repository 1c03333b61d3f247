import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '@timbre/shared/digest';
import { collect, contentOf } from '../testing/collect.js';
import { memorySource } from '../testing/memory-source.js';
import { noise, ramp, silence } from '../testing/sounds.js';
import { defaultArchiveLimits } from '../archive-limits.js';
import { repeatedEntrySource } from '../testing/repeated-entry-source.js';
import { packZip, rawZip, type RawEntry } from '../testing/zip-bytes.js';
import { readZip } from './read-zip.js';

const MIB = 1024 * 1024;
const read = (archive: Buffer, options = {}) => collect(readZip, memorySource(archive), options);

/** The lines of an archive with these entries and a good one behind them, which must never be lost. */
async function linesOf(...entries: RawEntry[]): Promise<string[]> {
  const { lines, error } = await read(rawZip([...entries, { name: 'good.wav' }]));
  expect(error).toBeUndefined();
  expect(lines.at(-1)).toBe('good.wav');
  return lines.slice(0, -1);
}

describe('readZip', () => {
  it('finds stored and deflated clips, long ones too, with size, SHA-256 and the range that holds them', async () => {
    const files = [
      { name: 'a/stored.wav', content: noise(100_000) },
      { name: 'a/deflated.wav', content: ramp(100_000), compress: true },
      { name: 'long stored.wav', content: noise(9 * MIB, 2) },
      { name: 'long deflated.wav', content: ramp(5 * MIB), compress: true },
      { name: 'silence.wav', content: silence(60 * MIB), compress: true },
      { name: 'Größe.wav', content: noise(10) },
    ];
    const source = memorySource(await packZip(files));
    const { clips, error, sidecars } = await collect(readZip, source);
    expect({ error, sidecars }).toEqual({ error: undefined, sidecars: 0 });
    expect(clips.map(({ path }) => path)).toEqual(files.map(({ name }) => name));
    for (const [i, { content }] of files.entries()) {
      const clip = clips[i]!;
      expect(clip).toMatchObject({ bytes: content.length, sha256: sha256Hex(content) });
      expect((await contentOf(source, clip)).equals(content)).toBe(true);
    }
  });

  it('reads ZIP64 records and a ZIP64 end', async () => {
    const content = noise(1000);
    const archive = await packZip([{ name: 'a.wav', content, forceZip64: true }], { forceZip64: true });
    const { clips } = await read(archive);
    expect(clips).toMatchObject([{ path: 'a.wav', sha256: sha256Hex(content) }]);
    expect((await contentOf(memorySource(archive), clips[0]!)).equals(content)).toBe(true);
  });

  it('finds nothing in an empty zip', async () => {
    expect(await read(await packZip([]))).toMatchObject({ lines: [], sidecars: 0 });
  });

  it('passes over folders and what packers leave behind, and counts files beside the audio', async () => {
    const names = ['a/', '__MACOSX/a/._x.wav', 'a/.DS_Store', 'a/._x.wav', 'Thumbs.db', 'a/desktop.ini', '.gitkeep'];
    const sidecars = ['README.md', 'meta.csv', 'a/cover.JPG', 'labels.json'];
    const archive = rawZip([...names, ...sidecars, 'x.wav', 'no-extension'].map((name) => ({ name })));
    expect(await read(archive)).toMatchObject({ lines: ['x.wav', 'no-extension'], sidecars: 4 });
  });

  it.each([
    ['an absolute path', '/etc/x.wav'],
    ['a drive', 'C:/x.wav'],
    ['a way out', 'a/../../x.wav'],
    ['a way out with backslashes', 'a\\..\\x.wav'],
    ['a NUL', 'x.wav\0.png'],
    ['a line break', 'x\r\n.wav'],
    ['a turn of direction', 'x\u202evaw.exe'],
    ['an escape sequence', '\u001b[2Jx.wav'],
    ['2,000 characters', 'x'.repeat(2000)],
    ['200 folders', `${'a/'.repeat(200)}x.wav`],
    ['no characters', ''],
  ])('refuses a name with %s and prints it harmlessly', async (_what, name) => {
    const [line] = await linesOf({ name });
    expect(line).toMatch(/: archive_entry_name_invalid$/);
    expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(line!.length).toBeLessThan(1100);
  });

  it('takes names that are not UTF-8 for CP437', async () => {
    expect(await linesOf({ name: Buffer.from('caf\x82.wav', 'latin1') })).toEqual(['café.wav']);
  });

  it.each<[string, RawEntry, string]>([
    ['is encrypted', { name: 'x.wav', flags: 1 }, 'archive_entry_encrypted'],
    ['is encrypted with AES', { name: 'x.wav', method: 99 }, 'archive_entry_encrypted'],
    ['is packed with bzip2', { name: 'x.wav', method: 12 }, 'archive_entry_method_unsupported'],
    ['is a symbolic link', { name: 'x.wav', mode: 0o120777 }, 'archive_entry_type_forbidden'],
    ['is a device', { name: 'x.wav', mode: 0o060644 }, 'archive_entry_type_forbidden'],
    ['is an archive by name', { name: 'x.tar.gz' }, 'archive_entry_nested'],
    ['is an archive by content', { name: 'x.wav', content: rawZip([{ name: 'y' }]) }, 'archive_entry_nested'],
    ['is empty', { name: 'x.wav', content: Buffer.alloc(0) }, 'audio_empty'],
    ['has a wrong checksum', { name: 'x.wav', crc: 1 }, 'archive_entry_mismatch'],
    ['is longer than it says', { name: 'x.wav', deflate: true, uncompressedSize: 5 }, 'archive_entry_mismatch'],
    ['is shorter than it says', { name: 'x.wav', deflate: true, uncompressedSize: 50 }, 'archive_entry_mismatch'],
    ['says two sizes though stored', { name: 'x.wav', uncompressedSize: 5 }, 'archive_entry_mismatch'],
    ['has another name in its local header', { name: 'x.wav', localName: 'y.wav' }, 'archive_entry_mismatch'],
    [
      'points to where no entry is',
      { name: 'x.wav', start: 3, compressedSize: 5, uncompressedSize: 5 },
      'archive_entry_mismatch',
    ],
    [
      'reaches over the next entry',
      { name: 'x.wav', compressedSize: 30, uncompressedSize: 30 },
      'archive_entry_overlap',
    ],
    ['points behind the end', { name: 'x.wav', start: 0xfffffff0 }, 'archive_entry_mismatch'],
    ['does not inflate', { name: 'x.wav', method: 8 }, 'archive_entry_corrupt'],
    ['is over the limit', { name: 'x.wav', uncompressedSize: 300 * MIB, method: 8 }, 'archive_entry_too_large'],
  ])('reports an entry that %s, and the next one is found', async (_what, entry, code) => {
    expect(await linesOf(entry)).toEqual([`${entry.name as string}: ${code}`]);
  });

  it('stops inflating a long entry where its declared size ends', async () => {
    const [line] = await linesOf({
      name: 'bomb.wav',
      content: silence(100 * MIB),
      deflate: true,
      uncompressedSize: 2 * MIB,
    });
    expect(line).toBe('bomb.wav: archive_entry_mismatch');
  });

  it('does not look at what lies behind the end of deflated data', async () => {
    const content = ramp(3 * MIB);
    const data = Buffer.concat([deflateRawSync(content), noise(100_000)]);
    const sizes = { uncompressedSize: content.length, crc: crc32(content) };
    expect(await linesOf({ name: 'x.wav', method: 8, content: data, ...sizes })).toEqual(['x.wav']);
  });

  it('reports the damage in the middle of a long deflated entry', async () => {
    const archive = rawZip([{ name: 'x.wav', content: ramp(4 * MIB), deflate: true }, { name: 'good.wav' }]);
    archive.fill(0xff, 20_000, 20_100);
    expect((await read(archive)).lines).toEqual([
      expect.stringMatching(/x\.wav: archive_entry_(corrupt|mismatch)/),
      'good.wav',
    ]);
  });

  it('reads entries that lie in another order than the directory', async () => {
    const parts = rawZip([
      { name: 'a.wav', content: noise(500) },
      { name: 'b.wav', content: noise(700, 2) },
    ]);
    const directory = parts.indexOf('PK\x01\x02');
    const record = 46 + 5;
    const swapped = Buffer.concat([
      parts.subarray(0, directory),
      parts.subarray(directory + record, directory + 2 * record),
      parts.subarray(directory, directory + record),
      parts.subarray(directory + 2 * record),
    ]);
    const { clips, lines } = await read(swapped);
    expect(lines).toEqual(['b.wav', 'a.wav']);
    expect(clips[1]).toMatchObject({ sha256: sha256Hex(noise(500)) });
  });

  it('goes behind a count of entries that wrapped at 65,536', async () => {
    const archive = rawZip(Array.from({ length: 65_540 }, (_, i) => ({ name: `${i}.txt` })));
    expect(await read(archive)).toMatchObject({ sidecars: 65_540 });
  });

  it('gives the same rest from every place where it was interrupted', async () => {
    const archive = rawZip(['a.wav', 'b.txt', 'c/../d', 'e.wav', 'f.md', 'g.wav'].map((name) => ({ name })));
    const whole = await read(archive);
    expect(whole).toMatchObject({ sidecars: 2 });
    for (const [i, { resume }] of whole.entries.entries()) {
      const rest = await read(archive, { resume });
      expect(rest.lines).toEqual(whole.lines.slice(i + 1));
      expect(rest.sidecars).toBe(2);
    }
  });
});

describe('readZip on 20,000 entries', () => {
  it('holds at most 48 MB more, whatever passes through', async () => {
    const source = repeatedEntrySource({ count: 20_000, content: noise(10_000) });
    const held = () => process.memoryUsage().arrayBuffers;
    const before = held();
    let most = 0;
    let count = 0;
    const options = { limits: defaultArchiveLimits(), tenant: 'ada', signal: new AbortController().signal };
    for await (const { clip } of readZip(source, options)) {
      if (clip.ref) count++;
      most = Math.max(most, held() - before);
    }
    expect(count).toBe(20_000);
    expect(source.bytes).toBeGreaterThan(200_000_000);
    expect(most).toBeLessThan(48_000_000);
  });
});

describe('readZip on bombs', () => {
  it('accepts one of 5,000 entries that share their content, and reads no content twice', async () => {
    const kernel = rawZip([{ name: 'x.wav', content: silence(8 * MIB), deflate: true }]);
    const directory = kernel.indexOf('PK\x01\x02');
    const record = kernel.subarray(directory, directory + 51);
    const end = Buffer.from(kernel.subarray(directory + 51));
    end.writeUInt16LE(5000, 10);
    const source = memorySource(
      Buffer.concat([kernel.subarray(0, directory), ...Array<Buffer>(5000).fill(record), end]),
    );
    const refused = await collect(readZip, source);
    expect(refused.error).toMatchObject({ code: 'archive_limit', details: { what: 'inflatedBytes' } });
    const { clips } = await collect(readZip, source, { limits: { maxRatio: 1e9 } });
    expect(clips.filter(({ error }) => error?.code === 'archive_entry_overlap')).toHaveLength(4999);
    expect(clips.at(-1)).toMatchObject({ bytes: 8 * MIB });
    expect(source.readBytes).toBeLessThan(8 * source.bytes);
  });

  it('refuses more entries than the limit, and more inflated bytes than the archive may become', async () => {
    const archive = rawZip([{ name: 'a.wav' }, { name: 'b.wav' }, { name: 'c.wav' }]);
    expect((await read(archive, { limits: { maxEntries: 2 } })).error).toMatchObject({
      code: 'archive_limit',
      details: { what: 'entries', limit: 2, observed: 3 },
    });
    expect((await read(archive, { limits: { maxInflatedBytes: 20 } })).error).toMatchObject({
      code: 'archive_limit',
      details: { what: 'inflatedBytes', limit: 20, observed: 30 },
    });
  });
});

describe('readZip on damaged archives', () => {
  const archive = rawZip([{ name: 'a.wav' }, { name: 'b.wav' }, { name: 'c.wav' }]);

  it('says so when there is no directory', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('PK\x03\x04'), archive.subarray(0, archive.length - 1)])
      expect(await read(bytes)).toMatchObject({ lines: [], error: { code: 'archive_corrupt' } });
  });

  it('never takes an archive that was cut at any byte for whole', async () => {
    const packed = await packZip([1, 2, 3].map((i) => ({ name: `${i}.wav`, content: noise(300, i), compress: true })));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: packed.length - 1 }), async (length) => {
        expect(await read(packed.subarray(0, length))).toMatchObject({ lines: [], error: { code: 'archive_corrupt' } });
      }),
    );
  });

  it('finds the entries before a damaged directory record, then fails', async () => {
    const damaged = Buffer.from(archive);
    damaged[damaged.lastIndexOf('PK\x01\x02')] = 0;
    expect(await read(damaged)).toMatchObject({
      lines: ['a.wav', 'b.wav'],
      error: { code: 'archive_corrupt', details: { afterEntries: 2 } },
    });
  });

  it('passes on what the source fails with', async () => {
    const broken = { ...memorySource(archive), read: () => Promise.reject(new Error('the disk is gone')) };
    await expect(collect(readZip, broken)).rejects.toThrow('the disk is gone');
  });
});
