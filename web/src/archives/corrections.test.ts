import { describe, expect, it } from 'vitest';
import { csvOf } from './corrections.js';
import type { ItemRow } from './item-rows.js';

const row = (index: number, path: string): ItemRow => ({
  ...{ index, path, jobId: `b-${index}`, state: 'succeeded', name: 'drums' },
  ...{ confidence: 1, seconds: 1, code: undefined, expected: undefined },
});

describe('csvOf', () => {
  it('quotes what CSV needs quoted and disarms what a spreadsheet would run', () => {
    const csv = csvOf([row(0, 'a,"b".wav'), row(1, '=SUM(A1)')], { labels: { 0: 'piano', 1: 'violin' } });
    expect(csv.split('\r\n')).toEqual([
      'path,expected,heard',
      '"a,""b"".wav",piano,drums',
      "'=SUM(A1),violin,drums",
      '',
    ]);
  });
});
