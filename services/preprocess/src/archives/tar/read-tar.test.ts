import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '@timbre/shared/digest';
import { collect, contentOf } from '../testing/collect.js';
import { memorySource } from '../testing/memory-source.js';
import { noise } from '../testing/sounds.js';
import { packTar, rawTar, sealHeader } from '../testing/tar-bytes.js';
import { rawZip } from '../testing/zip-bytes.js';
import { readTar } from './read-tar.js';

const MIB = 1024 * 1024;
const read = (archive: Buffer, options = {}) => collect(readTar, memorySource(archive), options);
const text = (content: string) => Buffer.from(content);

describe('readTar', () => {
  it('finds clips with size, SHA-256 and the range that holds them, and passes over folders and sidecars', async () => {
    const files = [
      { name: './a/', type: 'directory' as const },
      { name: './a/x.wav', content: noise(100_001) },
      { name: 'a/readme.txt', content: text('hello') },
      { name: 'a/._x.wav', content: text('junk') },
      { name: 'Größe.wav', content: noise(9 * MIB, 2) },
      { name: 'y.wav', content: noise(512, 3) },
    ];
    const source = memorySource(await packTar(files));
    const { clips, sidecars, error } = await collect(readTar, source);
    expect({ error, sidecars }).toEqual({ error: undefined, sidecars: 1 });
    expect(clips.map(({ path }) => path)).toEqual(['a/x.wav', 'Größe.wav', 'y.wav']);
    for (const [i, file] of [files[1]!, files[4]!, files[5]!].entries()) {
      expect(clips[i]).toMatchObject({ bytes: file.content!.length, sha256: sha256Hex(file.content!) });
      expect((await contentOf(source, clips[i]!)).equals(file.content!)).toBe(true);
    }
  });

  it('reads long names of pax, GNU and ustar', async () => {
    const long = `${'folder/'.repeat(15)}${'n'.repeat(150)}.wav`;
    const pax = await packTar([{ name: long, content: text('a') }]);
    expect((await read(pax)).lines).toEqual([long]);
    const gnu = rawTar([
      { name: '././@LongLink', type: 'L', content: text(`${long}\0`) },
      { name: long.slice(0, 100) },
      { name: 'next.wav' },
    ]);
    expect((await read(gnu)).lines).toEqual([long, 'next.wav']);
    const ustar = rawTar([{ name: 'x.wav' }]);
    ustar.write('some/prefix', 345);
    sealHeader(ustar);
    expect((await read(ustar)).lines).toEqual(['some/prefix/x.wav']);
  });

  it('reads sizes in base 256, and names that are not UTF-8 as Latin-1', async () => {
    const archive = rawTar([{ name: 'x.wav' }, { name: 'next.wav' }]);
    archive.fill(0, 124, 136);
    archive[124] = 0x80;
    archive[135] = 10;
    archive[0] = 0xe9;
    sealHeader(archive);
    expect(await read(archive)).toMatchObject({ lines: ['é.wav', 'next.wav'], clips: [{ bytes: 10 }, { bytes: 10 }] });
  });

  it.each([
    ['a hard link', '1'],
    ['a symbolic link', '2'],
    ['a character device', '3'],
    ['a FIFO', '6'],
  ])('refuses %s and finds the next entry right behind its header', async (_what, type) => {
    const archive = rawTar([{ name: 'x.wav', type, content: Buffer.alloc(0), size: 4096 }, { name: 'next.wav' }]);
    expect((await read(archive)).lines).toEqual(['x.wav: archive_entry_type_forbidden', 'next.wav']);
  });

  it('refuses sparse files of GNU and pax, and types it does not know', async () => {
    const sparse = '22 GNU.sparse.major=1\n';
    const archive = rawTar([
      { name: 'x.wav', type: 'S' },
      { name: 'PaxHeaders/y', type: 'x', content: text(sparse) },
      { name: 'y.wav' },
      { name: 'z.wav', type: 'Z' },
      { name: 'next.wav' },
    ]);
    expect((await read(archive)).lines).toEqual([
      ...['x.wav', 'y.wav', 'z.wav'].map((name) => `${name}: archive_entry_type_forbidden`),
      'next.wav',
    ]);
  });

  it('goes behind the further blocks of the map of a sparse file', async () => {
    const map = Buffer.alloc(1024);
    map[504] = 1;
    const archive = rawTar([{ name: 'x.wav', type: 'S', content: Buffer.concat([map, text('some audio')]), size: 10 }]);
    archive[482] = 1;
    sealHeader(archive);
    const both = Buffer.concat([archive.subarray(0, -1024), rawTar([{ name: 'next.wav' }])]);
    expect((await read(both)).lines).toEqual(['x.wav: archive_entry_type_forbidden', 'next.wav']);
  });

  it('reports names, nested archives, empty and long clips by their codes', async () => {
    const archive = rawTar([
      { name: '/etc/passwd' },
      { name: '../x.wav' },
      { name: 'x.zip' },
      { name: 'x.wav', content: rawZip([{ name: 'y' }]) },
      { name: 'tar.wav', content: rawTar([{ name: 'y' }]) },
      { name: 'empty.wav', content: Buffer.alloc(0) },
      { name: 'long.wav', content: noise(1000) },
      { name: 'next.wav' },
    ]);
    expect((await read(archive, { limits: { maxEntryBytes: 999 } })).lines).toEqual([
      '/etc/passwd: archive_entry_name_invalid',
      '../x.wav: archive_entry_name_invalid',
      'x.zip: archive_entry_nested',
      'x.wav: archive_entry_nested',
      expect.stringMatching(/tar\.wav: archive_entry_(nested|too_large)/),
      'empty.wav: audio_empty',
      'long.wav: archive_entry_too_large',
      'next.wav',
    ]);
  });

  it('refuses more entries than the limit behind those within it', async () => {
    const archive = rawTar([{ name: 'a.wav' }, { name: 'b.wav' }, { name: 'c.wav' }]);
    expect(await read(archive, { limits: { maxEntries: 2 } })).toMatchObject({
      lines: ['a.wav', 'b.wav'],
      error: { code: 'archive_limit' },
    });
  });

  it('gives the same rest from every place where it was interrupted', async () => {
    const archive = await packTar(
      ['a.wav', 'b.txt', `${'c/'.repeat(12)}${'n'.repeat(200)}.wav`, 'e.wav', 'f.md', 'g.wav'].map((name) => ({
        name,
        content: text(name),
      })),
    );
    const whole = await read(archive);
    for (const [i, { resume }] of whole.entries.entries()) {
      const rest = await read(archive, { resume });
      expect(rest.clips).toEqual(whole.clips.slice(i + 1));
      expect(rest.sidecars).toBe(2);
    }
  });
});

describe('readTar on damaged archives', () => {
  const archive = rawTar(['a.wav', 'b.wav', 'c.wav'].map((name) => ({ name, content: noise(2000) })));
  const entryBytes = 512 + 2048;

  it('finds every whole entry before a cut at any byte, and never says that a cut archive is whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3 * entryBytes }), async (length) => {
        const { clips, error } = await read(archive.subarray(0, length));
        const whole = Math.floor((length + 48) / entryBytes);
        expect(error).toMatchObject({ code: 'archive_corrupt', details: { afterEntries: whole } });
        expect(clips.filter((clip) => clip.ref)).toHaveLength(whole);
        for (const clip of clips)
          expect(clip.error?.code ?? clip.sha256).toMatch(/^(archive_entry_corrupt|[0-9a-f]{64})$/);
      }),
    );
  });

  it('finds the entries before a damaged header, then fails', async () => {
    const damaged = Buffer.from(archive);
    damaged[2 * entryBytes + 5] = 0xff;
    expect(await read(damaged)).toMatchObject({
      lines: ['a.wav', 'b.wav'],
      error: { code: 'archive_corrupt', details: { afterEntries: 2 } },
    });
  });

  it('refuses extension headers that are damaged or pretend to be 1 GiB', async () => {
    const sizes = { name: 'p', type: 'x', content: text('20 size=99999999999\n') };
    for (const extension of [
      { name: 'p', type: 'x', content: text('99 path=x\n') },
      { name: 'p', type: 'x', content: text('x') },
      { name: 'p', type: 'x', content: text('20 size=-9999999999\n') },
      { name: 'p', type: 'L', size: 1024 * MIB },
    ])
      expect(await read(rawTar([extension, { name: 'a.wav' }]))).toMatchObject({
        lines: [],
        error: { code: 'archive_corrupt' },
      });
    expect(await read(rawTar([sizes, { name: 'a.wav' }]))).toMatchObject({
      lines: ['a.wav: archive_entry_corrupt'],
      error: { code: 'archive_corrupt' },
    });
  });
});
