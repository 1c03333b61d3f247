import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ItemResult } from '../contracts/batch.js';
import { csvResults } from './csv-results.js';
import type { ResultContext } from './result-columns.js';
import { readCsv } from './testing/read-csv.js';
import { bytesOf, decidedItem, failedItem, sampleBatchId, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const context = { batchId: sampleBatchId, labels: card.labels };
const violin = (changes: Partial<ItemResult> = {}) => decidedItem(card, { rows: [[0.125, 0.75]] }, changes);
const csvOf = async (items: ItemResult[], changes: Partial<ResultContext> = {}) =>
  (await bytesOf(csvResults(streamOf(items), { ...context, ...changes }))).toString();

describe('csvResults', () => {
  it('writes a header and a record for a violin and a failed clip', async () => {
    const items = [
      violin({ id: 'k1', expected: 'Violin', reused: { batchId: sampleBatchId, index: 7 } }),
      failedItem('audio_corrupt', { index: 1, expected: 'drums' }),
    ];
    expect(await csvOf(items)).toBe(
      [
        'path,id,state,decision,label,confidence,score_drums,score_violin,durationSeconds,sampleRateHz,channels,format,' +
          'peakDbfs,rmsDbfs,segmentCount,errorCode,errorDetail,expected,correct,reused,sha256,jobId,index,duplicateOf,' +
          'bytes,codec,warnings,modelDigest,finishedAt',
        'a/take.wav,k1,succeeded,label,violin,0.75,0.125,0.75,2,44100,2,wav,-3,-20,1,,,Violin,true,' +
          `${sampleBatchId}-7,aa,${sampleBatchId}-0,0,,1000,pcm,,sha256:m,2026-01-02T03:04:05.000Z`,
        'a/bad.wav,,failed,,,,,,,,,,,,,audio_corrupt,because of audio_corrupt,drums,,,,' +
          `${sampleBatchId}-1,1,,,,,,2026-01-02T00:00:00.000Z`,
        '',
      ].join('\r\n'),
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['-take.wav', "'-take.wav"],
    ['\tx', "'\tx"],
    ["'=x", "''=x"],
    ["'quoted'.wav", "'quoted'.wav"],
    ['a,"b"\r\nc', '"a,""b""\r\nc"'],
  ])('writes the path %j as %s', async (path, field) => {
    expect((await csvOf([violin({ path })])).split('finishedAt\r\n')[1]!.startsWith(`${field},`)).toBe(true);
  });

  it('leaves negative numbers numbers', async () => {
    expect(readCsv(await csvOf([violin()]))[0]).toMatchObject({ peakDbfs: '-3' });
  });

  it('starts with a byte order mark only when asked', async () => {
    expect((await csvOf([], { byteOrderMark: true })).startsWith('\uFEFFpath,')).toBe(true);
    expect((await csvOf([])).startsWith('path,')).toBe(true);
  });

  it('gives every path, id and score back, whatever is in them', async () => {
    const hostile = fc.string({
      unit: fc.constantFrom('"', ',', '\r', '\n', "'", '=', '-', '@', '+', ' ', '\t', 'ü', 'a'),
    });
    const without = (field: string) => (/^'+[=+\-@\t\r\n]/.test(field) ? field.slice(1) : field);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ path: hostile, id: hostile }), { maxLength: 5 }), async (names) => {
        const rows = readCsv(await csvOf(names.map((name, index) => violin({ ...name, index }))));
        expect(rows.map(({ path, id }) => ({ path: without(path!), id: without(id!) }))).toEqual(names);
        for (const row of rows) {
          expect([row['path'], row['id']].filter((field) => /^[=+\-@\t\r\n]/.test(field!))).toEqual([]);
          expect(Number(row['score_violin'])).toBe(0.75);
        }
      }),
    );
  });
});
