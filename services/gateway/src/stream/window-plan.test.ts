import { describe, expect, it } from 'vitest';
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';
import { planStream } from './window-plan.js';

const features = (crop: FeatureSpec['crop']): FeatureSpec => ({
  version: 1,
  sampleRateHz: 16_000,
  crop,
  transform: { kind: 'waveform' },
});

describe('planStream', () => {
  it.each<[FeatureSpec['crop'], number, number, number]>([
    [{ kind: 'sliding', windowSeconds: 2, hopSeconds: 1 }, 2, 0.5, 1],
    [{ kind: 'sliding', windowSeconds: 2, hopSeconds: 0.25 }, 2, 0.25, 1],
    [{ kind: 'sliding', windowSeconds: 0.4, hopSeconds: 0.4 }, 0.4, 0.4, 0.4],
    [{ kind: 'head', seconds: 10 }, 10, 0.5, 1],
    [{ kind: 'peak', beforeSeconds: 1, afterSeconds: 1 }, 2, 0.5, 1],
    [{ kind: 'full' }, 3, 0.5, 1],
  ])(
    'cuts for %j windows of %s s every %s s, the first at %s s',
    (crop, windowSeconds, hopSeconds, firstEndSeconds) => {
      expect(planStream(features(crop), 0.5)).toEqual({ windowSeconds, hopSeconds, firstEndSeconds });
    },
  );
});
