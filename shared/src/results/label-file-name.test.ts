import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelFileName } from './label-file-name.js';

describe('labelFileName', () => {
  it.each([
    ['a/b/take 1.wav', 'a/b/take 1.wav.txt'],
    ['../../etc/passwd', 'etc/passwd.txt'],
    ['/root/./x.wav', 'root/x.wav.txt'],
    ['C:\\music\\x.wav', 'C_/music/x.wav.txt'],
    ['s3://bucket/x.wav', 's3_/bucket/x.wav.txt'],
    ['a\u0000b\u202ec?.wav', 'a_b_c_.wav.txt'],
    ['CON/nul.wav', '_CON/_nul.wav.txt'],
    ['folder. /x.wav', 'folder_/x.wav.txt'],
    ['..', 'clip.txt'],
    ['', 'clip.txt'],
  ])('makes %j %s', (path, name) => {
    expect(labelFileName(path)).toBe(name);
  });

  it('keeps the last 200 bytes of a longer part', () => {
    const name = labelFileName(`${'ü'.repeat(300)}07.wav`);
    expect(Buffer.byteLength(name)).toBe(200 + '.txt'.length);
    expect(name.endsWith('ü07.wav.txt')).toBe(true);
  });

  it('never leaves the folder and never has a part no system would take', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', '/', '\\', ':', 'a', ' ', '\n', '😀', '\ud800') }), (path) => {
        const parts = labelFileName(path).split('/');
        for (const part of parts) {
          expect(part).not.toMatch(/^\.{0,2}$|[\\:\n]|[. ]$/);
          expect(Buffer.from(part).toString()).toBe(part);
        }
      }),
    );
  });
});
