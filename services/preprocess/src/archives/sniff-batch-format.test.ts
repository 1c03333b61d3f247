import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isAppError } from '@timbre/shared/errors';
import { sniffBatchFormat } from './sniff-batch-format.js';
import { memorySource } from './testing/memory-source.js';
import { noise } from './testing/sounds.js';
import { packTar, rawTar } from './testing/tar-bytes.js';
import { packZip, rawZip } from './testing/zip-bytes.js';

const formatOf = (content: Buffer | string) =>
  sniffBatchFormat(memorySource(content)).catch((error: unknown) => (isAppError(error) ? error.code : String(error)));

describe('sniffBatchFormat', () => {
  it('tells archives and manifests by their content', async () => {
    const tar = await packTar([{ name: 'x.wav', content: noise(100_000) }]);
    const kinds: [Buffer | string, string][] = [
      [rawZip([{ name: 'x.wav' }]), 'zip'],
      [await packZip([]), 'zip'],
      [tar, 'tar'],
      [await packTar([]), 'tar'],
      [rawTar([{ name: 'x' }]), 'tar'],
      [gzipSync(tar), 'tar.gz'],
      [gzipSync(tar, { level: 0 }), 'tar.gz'],
      ['\ufeff\n{"uri":"https://a.org/"}\n', 'jsonl'],
      ['sha256\nabc\n', 'csv'],
      ['name;url\n', 'csv'],
    ];
    for (const [content, kind] of kinds) expect(await formatOf(content)).toBe(kind);
  });

  it('says what an archive of another kind is', async () => {
    const source = memorySource(Buffer.from('7z\xbc\xaf\x27\x1c and more', 'latin1'));
    await expect(sniffBatchFormat(source)).rejects.toThrow('It is a 7z archive.');
  });

  it('refuses what is neither', async () => {
    const others = [
      '',
      'hello',
      '[{"uri":"x"}]',
      '<html>',
      'name,id\n',
      gzipSync('hello'),
      noise(5000),
      Buffer.alloc(99),
    ];
    for (const content of others) expect(await formatOf(content)).toBe('archive_unrecognized');
  });
});
