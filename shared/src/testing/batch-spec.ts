/** A batch spec for tests; `over` replaces what matters to the test. */
import type { BatchSpec } from '../contracts/batch.js';

export function aBatchSpec(over: Partial<BatchSpec> = {}): BatchSpec {
  const createdAtMs = over.createdAtMs ?? 1_700_000_000_000;
  return {
    v: 1,
    id: `b${'0'.repeat(31)}1`,
    tenant: 'acme',
    name: 'takes.zip',
    source: { kind: 'object', parts: [{ key: 'somewhere', bytes: 1 }] },
    model: 'mfcc-cnn',
    modelDigest: `sha256:${'a'.repeat(64)}`,
    featureDigest: `sha256:${'b'.repeat(64)}`,
    features: { version: 1, sampleRateHz: 16_000, crop: { kind: 'head', seconds: 1 }, transform: { kind: 'waveform' } },
    preflight: false,
    reuse: true,
    weight: 1,
    createdAtMs,
    deadlineAtMs: createdAtMs + 3_600_000,
    audioExpiresAtMs: createdAtMs + 7_200_000,
    expiresAtMs: createdAtMs + 14_400_000,
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    ...over,
  };
}
