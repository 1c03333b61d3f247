import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemResultSchema, type ItemResult } from '../contracts/batch.js';
import { renderItem, renderItems } from './render-item.js';
import { decidedItem, failedItem, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const violin = [0.1, 0.9];
const weakViolin = [0.3, 0.6];
const stored = (item: ItemResult) => itemResultSchema.parse(JSON.parse(JSON.stringify(item)));

describe('renderItem', () => {
  it('makes a violin of 0.6 unknown at threshold 0.7, and its segments with it', () => {
    const item = decidedItem(card, { rows: [weakViolin] });
    expect(item.result).toMatchObject({ decision: 'label', label: 'violin' });
    const { result } = renderItem(item, card, { threshold: 0.7 });
    expect(result).toMatchObject({ decision: 'unknown', label: 'violin', segments: [{ label: 'unknown' }] });
  });

  it('makes an unknown of 0.6 a violin when the threshold sinks from 0.7 to 0.5', () => {
    const strict = sampleCard({ thresholds: { unknown: 0.7 } });
    const { result } = renderItem(decidedItem(strict, { rows: [weakViolin] }), strict, { threshold: 0.5 });
    expect(result).toMatchObject({ decision: 'label', segments: [{ label: 'violin' }] });
  });

  it('closes gaps under mergeGapSeconds', () => {
    const item = decidedItem(card, { rows: [violin, violin, violin], levels: [-20, -60, -20] });
    const names = (rendered: ItemResult) => rendered.result?.segments.map(({ label }) => label);
    expect(names(item)).toEqual(['violin', 'mute', 'violin']);
    expect(names(renderItem(item, card, { mergeGapSeconds: 1.5 }))).toEqual(['violin']);
  });

  it('keeps the 2 best of 3 scores, best first, and decides as before', () => {
    const three = sampleCard({ labels: ['a', 'b', 'c'] });
    const item = decidedItem(three, { rows: [[0.1, 0.7, 0.2]] });
    const { result } = renderItem(item, three, { top: 2 });
    expect(Object.keys(result?.scores ?? {})).toEqual(['b', 'c']);
    expect(result).toMatchObject({ label: 'b', segments: item.result!.segments });
    expect(renderItem(item, three, { top: 0 }).result?.scores).toEqual({});
  });

  it('hands on the stored result without options, without kept answers, and for a failed clip', () => {
    const item = decidedItem(card, { rows: [violin] });
    expect(renderItem(item, card, {})).toBe(item);
    expect(renderItem(item, undefined, { threshold: 1 })).toBe(item);
    const { windows: _, ...bare } = item;
    expect(renderItem(bare, card, { threshold: 1 })).toBe(bare);
    const failed = failedItem('audio_corrupt');
    expect(renderItem(failed, card, { threshold: 1, top: 1 })).toBe(failed);
  });

  it('fails with storage_corrupt when the card has other labels than the answers', () => {
    const other = sampleCard({ labels: ['a', 'b', 'c'] });
    expect(() => renderItem(decidedItem(card, { rows: [violin] }), other, { threshold: 0.5 })).toThrow(
      expect.objectContaining({ code: 'storage_corrupt' }),
    );
  });

  it('takes the card of each clip by its digest', async () => {
    const items = [
      decidedItem(card, { rows: [violin] }),
      decidedItem(card, { rows: [violin] }, { modelDigest: 'other' }),
    ];
    const cardOf = (digest: string | undefined) => (digest === 'sha256:m' ? card : undefined);
    const rendered: ItemResult[] = [];
    for await (const item of renderItems(streamOf(items), cardOf, { threshold: 0.95 })) rendered.push(item);
    expect(rendered.map(({ result }) => result?.decision)).toEqual(['unknown', 'label']);
  });

  it("gives exactly the stored result when the options are the card's own", () => {
    fc.assert(
      fc.property(clipOfAnyCard, ({ card: own, item }) => {
        const { thresholds, segments } = own;
        const options = { threshold: thresholds.unknown, mergeGapSeconds: segments.mergeGapSeconds };
        expect(renderItem(stored(item), own, options).result).toEqual(item.result);
      }),
    );
  });

  it('gives what the worker would have decided with the card changed', () => {
    const threshold = fc.double({ min: 0, max: 1, noNaN: true });
    const mergeGapSeconds = fc.double({ min: 0, max: 10, noNaN: true });
    fc.assert(
      fc.property(clipOfAnyCard, threshold, mergeGapSeconds, ({ card: own, windows, item }, unknown, gap) => {
        const segments = { ...own.segments, mergeGapSeconds: gap };
        const changed = decidedItem({ ...own, thresholds: { unknown }, segments }, windows);
        const rendered = renderItem(stored(item), own, { threshold: unknown, mergeGapSeconds: gap });
        expect(rendered.result).toEqual(changed.result);
      }),
    );
  });
});

const clipOfAnyCard = fc
  .record({
    labels: fc.integer({ min: 2, max: 6 }),
    count: fc.integer({ min: 1, max: 20 }),
    hop: fc.double({ min: 0.05, max: 2, noNaN: true }),
    logits: fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 120, maxLength: 120 }),
    levels: fc.array(fc.constantFrom(-70, -49.9, -10.3), { minLength: 20, maxLength: 20 }),
    smoothingWindows: fc.constantFrom(1, 3, 5),
    mergeGapSeconds: fc.constantFrom(0, 0.5, 5),
    clipRule: fc.constantFrom('meanScore', 'energyWeightedMean'),
    unknown: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ labels, count, hop, logits, levels, smoothingWindows, mergeGapSeconds, clipRule, unknown }) => {
    const card = sampleCard({
      labels: Array.from({ length: labels }, (_, at) => `l${at}`),
      output: { name: 'y', kind: 'logits' },
      thresholds: { unknown },
      segments: { smoothingWindows, mergeGapSeconds },
      clipRule,
    });
    const windows = {
      rows: Array.from({ length: count }, (_, row) => logits.slice(row * labels, (row + 1) * labels)),
      levels: levels.slice(0, count),
      offsets: Float64Array.from({ length: count * 2 }, (_, at) => (at >> 1) * hop + (at % 2) * 2),
      durationSeconds: (count - 1) * hop + 1.7,
    };
    return { card, windows, item: decidedItem(card, windows) };
  });
