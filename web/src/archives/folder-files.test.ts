import { describe, expect, it } from 'vitest';
import { archiveOf, isClip } from './folder-files.js';

const named = (path: string, type = '') => ({ path, file: new File(['x'], path.split('/').at(-1) ?? '', { type }) });

describe('what was dropped', () => {
  it('takes one zip, tar or manifest for an archive, and several for files', () => {
    for (const name of ['a.zip', 'a.tar', 'a.tar.gz', 'a.TGZ', 'list.jsonl', 'list.csv'])
      expect(archiveOf([named(name)])).toBeDefined();
    expect(archiveOf([named('a.wav')])).toBeUndefined();
    expect(archiveOf([named('a.zip'), named('b.zip')])).toBeUndefined();
  });

  it('takes for a clip what is named like one or what the browser calls sound', () => {
    expect(isClip(named('set/drums/a.FLAC'))).toBe(true);
    expect(isClip(named('take', 'audio/wav'))).toBe(true);
    expect(isClip(named('set/readme.txt', 'text/plain'))).toBe(false);
  });
});
