import { describe, expect, it } from 'vitest';
import { storedClipKey } from '@timbre/shared/storage/batch-keys';
import { collect } from '../testing/collect.js';
import { memorySource } from '../testing/memory-source.js';
import { readCsvManifest } from './read-csv-manifest.js';
import { readJsonlManifest } from './read-jsonl-manifest.js';

const sha256 = 'ab'.repeat(32);
const jsonl = (text: string | Buffer, options = {}) => collect(readJsonlManifest, memorySource(text), options);
const csv = (text: string | Buffer, options = {}) => collect(readCsvManifest, memorySource(text), options);
const linesOf = (error: unknown, line: number) => ({ path: `line ${line}`, error: { code: error, details: { line } } });
const invalid = (line: number) => linesOf('manifest_line_invalid', line);

describe('readJsonlManifest', () => {
  it('finds addresses and stored clips, with the names for their fields that callers use', async () => {
    const { clips, error } = await jsonl(
      [
        '\ufeff{"uri":"https://example.org/a/b%20c.wav?signature=secret","id":"1","expected":"violin"}\r',
        '',
        `{"sha256":"${sha256.toUpperCase()}","name":"take.wav","label":"piano","bytes":12,"other":[1]}`,
        '{"url":"s3://bucket/x/y.flac","id":17}',
        `{"sha256":"${sha256}","uri":null,"path":"x\\u0000y"}`,
      ].join('\n'),
    );
    expect(error).toBeUndefined();
    const object = { kind: 'object', key: storedClipKey('ada', sha256) };
    expect(clips).toEqual([
      {
        path: 'a/b c.wav',
        id: '1',
        expected: 'violin',
        ref: { kind: 'uri', uri: 'https://example.org/a/b%20c.wav?signature=secret' },
      },
      { path: 'take.wav', expected: 'piano', bytes: 12, sha256, ref: object },
      { path: 'x/y.flac', id: '17', ref: { kind: 'uri', uri: 's3://bucket/x/y.flac' } },
      { path: 'x\\u{0}y', sha256, ref: object },
    ]);
  });

  it('reports each line that is not valid by its number, and reads the next', async () => {
    const bad = [
      '{',
      '[]',
      '17',
      '{}',
      `{"uri":"https://a.org/","sha256":"${sha256}"}`,
      '{"uri":"not an address"}',
      '{"sha256":"abc"}',
      '{"uri":17}',
      `{"uri":"https://a.org/","name":"${'x'.repeat(70_000)}"}`,
    ];
    const { clips } = await jsonl([...bad, '{"uri":"https://a.org/x.wav"}'].join('\n'));
    expect(clips).toMatchObject([...bad.map((_, i) => invalid(i + 1)), { path: 'x.wav' }]);
    expect(clips[6]?.error?.message).toBe('Line 7: `sha256` is not valid.');
    expect(clips[8]?.error?.message).toBe('Line 9: The line is over 64 KiB.');
  });

  it('reports a line that is not UTF-8', async () => {
    expect((await jsonl(Buffer.from('{"uri":"https://a.org/\xe9"}\n', 'latin1'))).clips).toMatchObject([invalid(1)]);
  });

  it('keeps line numbers and places over a line of 3 MB', async () => {
    const text = `${'x'.repeat(3_000_000)}\n{"uri":"https://a.org/x.wav"}\n{"uri":"https://a.org/y.wav"}`;
    const whole = await jsonl(text);
    expect(whole.clips).toMatchObject([invalid(1), { path: 'x.wav' }, { path: 'y.wav' }]);
    const rest = await jsonl(text, { resume: whole.entries[1]!.resume });
    expect(rest.clips).toMatchObject([{ path: 'y.wav' }]);
  });

  it('refuses more lines than the limit', async () => {
    const text = '{"uri":"https://a.org/x"}\n'.repeat(3);
    expect((await jsonl(text, { limits: { maxEntries: 2 } })).error).toMatchObject({ code: 'archive_limit' });
  });
});

describe('readCsvManifest', () => {
  it('finds the columns in any order, between commas, semicolons or tabs, and passes over others', async () => {
    for (const delimiter of [',', ';', '\t']) {
      const rows = [
        [' Label', 'Name', 'extra', 'URL'],
        ['violin', 'x.wav', '1', 'https://a.org/x'],
        ['', '', '', 'https://a.org/y.wav'],
      ];
      const { clips, error } = await csv(`\ufeff${rows.map((row) => row.join(delimiter)).join('\r\n')}\r\n`);
      expect(error).toBeUndefined();
      expect(clips).toEqual([
        { path: 'x.wav', expected: 'violin', ref: { kind: 'uri', uri: 'https://a.org/x' } },
        { path: 'y.wav', ref: { kind: 'uri', uri: 'https://a.org/y.wav' } },
      ]);
    }
  });

  it('reads quoted cells with delimiters, quotes and line breaks in them', async () => {
    const { clips } = await csv(
      'uri,name,note,id\r\n"https://a.org/1","a, ""b"".wav","two\r\nlines",1\r\nhttps://a.org/2,c.wav,,3\r\n',
    );
    expect(clips).toMatchObject([
      { path: 'a, "b".wav', id: '1' },
      { path: 'c.wav', id: '3' },
    ]);
  });

  it('loses only the line of a quote that is never closed, wherever it stands', async () => {
    const good = (i: number) => `https://a.org/${i}.wav,${i}`;
    const text = ['uri,id', good(2), 'https://a.org/bad,"never', good(4), good(5), 'https://a.org/x",6', good(7)];
    expect((await csv(text.join('\n'))).clips).toMatchObject([
      { id: '2' },
      invalid(3),
      { id: '4' },
      { id: '5' },
      invalid(6),
      { id: '7' },
    ]);
  });

  it('reports lines that are not valid by their number', async () => {
    const text = `sha256,id\n${sha256},1\nabc,2\n\n,4\n${'x'.repeat(70_000)}\n"a"b,6\n${sha256}`;
    expect((await csv(text)).clips).toMatchObject([
      { sha256, id: '1' },
      invalid(3),
      invalid(5),
      invalid(6),
      invalid(7),
      { path: sha256 },
    ]);
  });

  it.each(['', 'id,name\n1,2\n', '\n\n', `"${'x'.repeat(70_000)}",uri\n`])(
    'refuses a text without a column for the clips',
    async (text) => {
      expect(await csv(text)).toMatchObject({ clips: [], error: { code: 'manifest_invalid' } });
    },
  );

  it('gives the same rest from every place where it was interrupted', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => `https://a.org/${i},${i % 3 === 0 ? '"two\nlines"' : 'one'},${i}`);
    const text = ['uri,note,id', ...rows].join('\n');
    const whole = await csv(text);
    expect(whole.clips).toHaveLength(9);
    for (const [i, { resume }] of whole.entries.entries())
      expect((await csv(text, { resume })).clips).toEqual(whole.clips.slice(i + 1));
  });
});
