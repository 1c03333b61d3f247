import { describe, expect, it } from 'vitest';
import { SeenNames } from './seen-names.js';

describe('SeenNames', () => {
  it('knows each of 20,000 names the second time and none the first', () => {
    const seen = new SeenNames();
    const names = Array.from({ length: 20_000 }, (_, index) => `folder/take-${index}.wav.txt`);
    expect(names.filter((name) => seen.add(name))).toEqual([]);
    expect(names.filter((name) => !seen.add(name))).toEqual([]);
  });
});
