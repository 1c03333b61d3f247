import { describe, expect, it } from 'vitest';
import { parseCsv } from './csv.js';

describe('parseCsv', () => {
  it('reads quoted commas, doubled quotes and a line break within quotes', () => {
    expect(parseCsv('file_name,label\r\n"a, b.wav",violin\n"say ""hi"".wav","two\nlines"\n')).toEqual([
      { file_name: 'a, b.wav', label: 'violin' },
      { file_name: 'say "hi".wav', label: 'two\nlines' },
    ]);
  });

  it('takes off a byte order mark and leaves empty lines out', () => {
    expect(parseCsv('\uFEFFfile,label\n\na.wav,drums\n\n')).toEqual([{ file: 'a.wav', label: 'drums' }]);
  });

  it('keeps empty fields, and gives a short line what it has', () => {
    expect(parseCsv('a,b,c\n,,3\n1')).toEqual([{ a: '', b: '', c: '3' }, { a: '1' }]);
  });

  it('has no records in a header alone or in nothing', () => {
    expect(parseCsv('a,b\n')).toEqual([]);
    expect(parseCsv('')).toEqual([]);
  });
});
