import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { audioType, parseRange, partOf } from './audio-content.js';
import { peaksView } from './peaks-view.js';

describe('parseRange', () => {
  it.each([
    ['bytes=0-9', { offset: 0, length: 10 }],
    ['bytes=90-', { offset: 90, length: 10 }],
    ['bytes=-30', { offset: 70, length: 30 }],
    ['bytes=-300', { offset: 0, length: 100 }],
    ['bytes=50-500', { offset: 50, length: 50 }],
    ['bytes=100-', null],
    ['bytes=-0', null],
    ['bytes=9-3', undefined],
    ['bytes=0-1,5-6', undefined],
    ['chunks=0-1', undefined],
    [undefined, undefined],
  ])('reads %s of 100 bytes as %j', (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });
});

describe('partOf', () => {
  it('lets 5 bytes from the fourth on through, however they are cut', async () => {
    const source = Readable.from([Buffer.from('ab'), Buffer.from('cdefg'), Buffer.from('hijk')]);
    const read = await source.pipe(partOf({ offset: 3, length: 5 })).toArray();
    expect(Buffer.concat(read as Buffer[]).toString()).toBe('defgh');
  });
});

describe('audioType', () => {
  it('knows the formats that are decoded, and says nothing of others', () => {
    expect([audioType('mp3'), audioType('m4a'), audioType(undefined), audioType('html')]).toEqual([
      'audio/mpeg',
      'audio/mp4',
      'application/octet-stream',
      'application/octet-stream',
    ]);
  });
});

describe('peaksView', () => {
  const base64 = (...values: number[]) => Buffer.from(Int8Array.from(values).buffer).toString('base64');
  const peaks = { v: 1 as const, durationSeconds: 2, min: base64(-1, -9, -3, 0), max: base64(4, 2, 8, 1) };

  it('keeps the extremes of the points it joins, and gives no more points than there are', () => {
    expect(peaksView(peaks, 2)).toEqual({ durationSeconds: 2, points: 2, min: [-9, -3], max: [4, 8] });
    expect(peaksView(peaks, 1000).max).toEqual([4, 2, 8, 1]);
  });
});
