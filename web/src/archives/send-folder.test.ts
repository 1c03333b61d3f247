import { describe, expect, it } from 'vitest';
import { manifestOf } from './send-folder.js';

describe('manifestOf', () => {
  it('has a line for each file that could be read, with its path and size', () => {
    const files = ['set/a.wav', 'set/gone.wav', 'set/b.wav'].map((path) => ({ path, file: new File(['four'], path) }));
    const lines = manifestOf(files, ['aa', undefined, 'bb']).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { sha256: 'aa', path: 'set/a.wav', bytes: 4 },
      { sha256: 'bb', path: 'set/b.wav', bytes: 4 },
    ]);
  });
});
