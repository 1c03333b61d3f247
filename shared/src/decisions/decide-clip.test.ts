import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelCardSchema, type ModelCard } from '../contracts/model-card.js';
import { jobResultSchema } from '../contracts/job.js';
import { decideClip, type ClipWindows } from './decide-clip.js';

function cardOf(changes: Record<string, unknown> = {}): ModelCard {
  return modelCardSchema.parse({
    id: 'm',
    version: '1',
    title: 'M',
    labels: ['drums', 'violin'],
    features: {
      version: 1,
      sampleRateHz: 8000,
      crop: { kind: 'sliding', windowSeconds: 2, hopSeconds: 1 },
      transform: { kind: 'waveform' },
    },
    input: { name: 'x', dims: [null, 16000] },
    output: { name: 'y', kind: 'probabilities' },
    thresholds: { unknown: 0.5 },
    silenceGate: { rmsDbfs: -50 },
    onnxSha256: '0'.repeat(64),
    licence: 'MIT',
    ...changes,
  });
}

const quality = { peakDbfs: -3, rmsDbfs: -20, clippedRatio: 0, silentRatio: 0, noiseFloorDbfs: -70 };

/** Windows of 2 s every second, as long as the clip needs. */
function windowsOf(rmsDbfs: number[], durationSeconds = rmsDbfs.length + 1, warnings: string[] = []): ClipWindows {
  return {
    facts: { clip: { durationSeconds }, quality, warnings },
    offsets: Float64Array.from(rmsDbfs.flatMap((_, index) => [index, index + 2])),
    rmsDbfs: Float32Array.from(rmsDbfs),
  };
}

const loud = -20;
const silent = -60;
const decided = (card: ModelCard, levels: number[], rows: number[][], durationSeconds?: number) =>
  decideClip(card, windowsOf(levels, durationSeconds), Float32Array.from(rows.flat()));

describe('scores', () => {
  it('turns logits 2 and 0 into 0.8808 and 0.1192, and with temperature 2 into 0.7311 and 0.2689', () => {
    const output = { name: 'y', kind: 'logits' };
    const sharp = decided(cardOf({ output }), [loud], [[2, 0]]);
    expect(sharp.scores['drums']).toBeCloseTo(0.8808, 4);
    expect(sharp.scores['violin']).toBeCloseTo(0.1192, 4);
    const soft = decided(cardOf({ output, temperature: 2 }), [loud], [[2, 0]]);
    expect(soft.confidence).toBeCloseTo(0.7311, 4);
  });

  it('survives logits of 80000, whose exponential is infinite', () => {
    const result = decided(cardOf({ output: { name: 'y', kind: 'logits' } }), [loud], [[80000, -80000]]);
    expect(result).toMatchObject({ decision: 'label', label: 'drums', confidence: 1 });
  });

  it.each([NaN, Infinity, -Infinity])('fails with inference_nonfinite on %s', (value) => {
    expect(() => decided(cardOf(), [loud], [[0.5, value]])).toThrow(
      expect.objectContaining({ code: 'inference_nonfinite' }),
    );
  });

  it('takes 1.0005 for rounding and refuses 1.5 as no probability', () => {
    expect(decided(cardOf(), [loud], [[1.0005, 0]]).confidence).toBe(1);
    expect(() => decided(cardOf(), [loud], [[1.5, 0]])).toThrow(expect.objectContaining({ code: 'inference_failed' }));
  });

  it('means window scores, plainly or by power: 20 dB more weigh 100 times', () => {
    const rows = [
      [1, 0],
      [0, 1],
    ];
    expect(decided(cardOf(), [-20, -40], rows).scores).toEqual({ drums: 0.5, violin: 0.5 });
    const weighted = decided(cardOf({ clipRule: 'energyWeightedMean' }), [-20, -40], rows);
    expect(weighted.scores['drums']).toBeCloseTo(100 / 101, 6);
  });
});

describe('decisions', () => {
  it('is unknown below the threshold, with the best guess as label and its score as confidence', () => {
    const result = decided(cardOf(), [loud], [[0.3, 0.4375]]);
    expect(result).toMatchObject({ decision: 'unknown', label: 'violin', confidence: 0.4375 });
    expect(result.segments).toEqual([{ startSeconds: 0, endSeconds: 2, label: 'unknown', confidence: 0.4375 }]);
  });

  it('is a label exactly at the threshold', () => {
    expect(decided(cardOf(), [loud], [[0.5, 0.25]])).toMatchObject({ decision: 'label', label: 'drums' });
  });

  it('is mute with label null and scores 0 when every window is below the gate', () => {
    expect(
      decided(
        cardOf(),
        [silent, silent],
        [
          [1, 0],
          [1, 0],
        ],
      ),
    ).toMatchObject({
      decision: 'mute',
      label: null,
      scores: { drums: 0, violin: 0 },
      segments: [{ startSeconds: 0, endSeconds: 3, label: 'mute', confidence: 1 }],
    });
  });

  it('leaves mute windows out of the clip: one loud window decides against two silent ones', () => {
    const result = decided(
      cardOf(),
      [silent, loud, silent],
      [
        [1, 0],
        [0, 1],
        [1, 0],
      ],
    );
    expect(result).toMatchObject({ decision: 'label', label: 'violin', confidence: 1 });
    expect(result.segments.map(({ label }) => label)).toEqual(['mute', 'violin', 'mute']);
  });

  it('counts a window exactly at the gate as sounding', () => {
    expect(decided(cardOf(), [-50], [[1, 0]]).decision).toBe('label');
  });

  it('hands on quality and warnings', () => {
    const result = decideClip(cardOf(), windowsOf([loud], 2, ['truncated']), Float32Array.of(1, 0));
    expect(result).toMatchObject({ quality, warnings: ['truncated'] });
  });

  it('works for 1000 labels', () => {
    const labels = Array.from({ length: 1000 }, (_, index) => `label ${index}`);
    const row = labels.map((_, index) => (index === 700 ? 0.9 : 0.0001));
    const result = decided(cardOf({ labels }), [loud], [row]);
    expect(result).toMatchObject({ decision: 'label', label: 'label 700' });
    expect(Object.keys(result.scores)).toHaveLength(1000);
  });
});

describe('segments', () => {
  it('puts the border of overlapping windows halfway between their centres and ends with the clip', () => {
    const rows = [
      [0.9, 0],
      [0.7, 0],
      [0, 0.8],
    ];
    expect(decided(cardOf(), [loud, loud, loud], rows, 3.25).segments).toEqual([
      { startSeconds: 0, endSeconds: 2.5, label: 'drums', confidence: expect.closeTo(0.8, 6) },
      { startSeconds: 2.5, endSeconds: 3.25, label: 'violin', confidence: expect.closeTo(0.8, 6) },
    ]);
  });

  it('cuts the one window of a clip of 0.5 s to 0.5 s', () => {
    expect(decided(cardOf(), [loud], [[1, 0]], 0.5).segments).toMatchObject([{ startSeconds: 0, endSeconds: 0.5 }]);
  });

  it('starts where the first window starts', () => {
    const pack = { ...windowsOf([loud], 9), offsets: Float64Array.of(3, 5) };
    const [segment] = decideClip(cardOf(), pack, Float32Array.of(1, 0)).segments;
    expect(segment).toMatchObject({ startSeconds: 3, endSeconds: 5 });
  });

  const violin = [0, 1];
  const drums = [1, 0];
  const nothing = [0.1, 0.1];

  it('joins two violin segments over 2 s of mute and unknown when gaps under 2.5 s are closed, and not under 2 s', () => {
    const card = cardOf({ segments: { mergeGapSeconds: 2.5 } });
    const result = decided(card, [loud, silent, loud, loud], [violin, violin, nothing, violin]);
    expect(result.segments).toEqual([{ startSeconds: 0, endSeconds: 5, label: 'violin', confidence: 1 }]);
    const apart = decided(
      cardOf({ segments: { mergeGapSeconds: 2 } }),
      [loud, silent, loud, loud],
      [violin, violin, nothing, violin],
    );
    expect(apart.segments.map(({ label }) => label)).toEqual(['violin', 'mute', 'unknown', 'violin']);
  });

  it('does not swallow another label between two segments of one label', () => {
    const card = cardOf({ segments: { mergeGapSeconds: 60 } });
    const result = decided(card, [loud, loud, loud], [violin, drums, violin]);
    expect(result.segments.map(({ label }) => label)).toEqual(['violin', 'drums', 'violin']);
  });

  it('smooths one odd window of five away with a median over 3, and not the clip scores', () => {
    const card = cardOf({ segments: { smoothingWindows: 3 } });
    const result = decided(card, [loud, loud, loud, loud, loud], [violin, violin, drums, violin, violin]);
    expect(result.segments.map(({ label }) => label)).toEqual(['violin']);
    expect(result.scores['drums']).toBeCloseTo(0.2, 6);
  });

  it('gives mute windows no say in the smoothing of their neighbours', () => {
    const card = cardOf({ segments: { smoothingWindows: 3 } });
    const result = decided(card, [silent, loud, silent], [violin, drums, violin]);
    expect(result.segments.map(({ label }) => label)).toEqual(['mute', 'drums', 'mute']);
  });

  it('fails with tensor_corrupt when times run backwards or are not numbers', () => {
    for (const offsets of [Float64Array.of(1, 3, 0, 2), Float64Array.of(0, 2, NaN, 3), Float64Array.of(2, 0, 3, 5)]) {
      const pack = { ...windowsOf([loud, loud]), offsets };
      expect(() => decideClip(cardOf(), pack, Float32Array.of(1, 0, 1, 0))).toThrow(
        expect.objectContaining({ code: 'tensor_corrupt' }),
      );
    }
  });
});

describe('properties', () => {
  const clip = fc
    .record({
      labels: fc.integer({ min: 2, max: 6 }),
      count: fc.integer({ min: 1, max: 30 }),
      hop: fc.double({ min: 0.05, max: 2, noNaN: true }),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 180, maxLength: 180 }),
      levels: fc.array(fc.constantFrom(-70, -49, -10), { minLength: 30, maxLength: 30 }),
      smoothingWindows: fc.constantFrom(1, 3, 5),
      mergeGapSeconds: fc.constantFrom(0, 0.5, 5),
      clipRule: fc.constantFrom('meanScore', 'energyWeightedMean'),
    })
    .map(({ labels, count, hop, cut, seed, levels, ...rules }) => {
      const card = cardOf({
        labels: Array.from({ length: labels }, (_, index) => `l${index}`),
        output: { name: 'y', kind: 'logits' },
        segments: { smoothingWindows: rules.smoothingWindows, mergeGapSeconds: rules.mergeGapSeconds },
        clipRule: rules.clipRule,
      });
      const lastStart = (count - 1) * hop;
      // The clip ends within the last window and after the one before it.
      const durationSeconds = count === 1 ? 0.01 + 1.99 * cut : lastStart - hop + 2 + hop * Math.max(cut, 0.01);
      const pack = windowsOf(levels.slice(0, count), durationSeconds);
      pack.offsets = Float64Array.from({ length: count * 2 }, (_, at) => (at >> 1) * hop + (at % 2) * 2);
      return { card, pack, outputs: Float32Array.from(seed.slice(0, count * labels)), durationSeconds };
    });

  it('answers valid results whose segments cover the clip without overlap or hole', () => {
    fc.assert(
      fc.property(clip, ({ card, pack, outputs, durationSeconds }) => {
        const result = decideClip(card, pack, outputs);
        expect(jobResultSchema.safeParse(result).error).toBeUndefined();
        expect(result.segments[0]!.startSeconds).toBe(0);
        expect(result.segments.at(-1)!.endSeconds).toBeCloseTo(durationSeconds, 9);
        result.segments.slice(1).forEach((segment, index) => {
          const before = result.segments[index]!;
          expect(segment.startSeconds).toBe(before.endSeconds);
          expect(segment.label).not.toBe(before.label);
        });
        for (const { startSeconds, endSeconds } of result.segments) expect(endSeconds).toBeGreaterThan(startSeconds);
      }),
    );
  });

  it('keeps scores a distribution for logits, led by the label of the decision', () => {
    fc.assert(
      fc.property(clip, ({ card, pack, outputs }) => {
        const { decision, label, confidence, scores } = decideClip(card, pack, outputs);
        const sum = Object.values(scores).reduce((a, b) => a + b, 0);
        if (decision === 'mute') {
          expect(sum).toBe(0);
          return;
        }
        expect(sum).toBeCloseTo(1, 9);
        expect(confidence).toBe(Math.max(...Object.values(scores)));
        expect(scores[label!]).toBe(confidence);
        expect(decision === 'label').toBe(confidence >= 0.5);
      }),
    );
  });
});
