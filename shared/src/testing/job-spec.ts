/** A job spec for tests: an interactive wav of two seconds, accepted now; give what should differ. */
import { randomBytes } from 'node:crypto';
import type { JobSpec } from '../contracts/job.js';
import { audioKey } from '../storage/job-keys.js';

export function aJobSpec(change: Partial<JobSpec> = {}): JobSpec {
  const id = change.id ?? `j${randomBytes(16).toString('hex')}`;
  const tenant = change.tenant ?? 'local';
  const createdAtMs = change.createdAtMs ?? Date.now();
  return {
    v: 1,
    id,
    tenant,
    lane: 'interactive',
    model: 'm',
    modelDigest: 'sha256:m',
    featureDigest: 'sha256:f',
    features: { version: 1, sampleRateHz: 16000, crop: { kind: 'head', seconds: 1 }, transform: { kind: 'waveform' } },
    name: 'a.wav',
    source: { key: audioKey({ tenant, id }), bytes: 10, sha256: 'x' },
    createdAtMs,
    deadlineAtMs: createdAtMs + 60_000,
    expiresAtMs: createdAtMs + 3_600_000,
    estimatedSeconds: 2,
    uploadSeconds: 0,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ...change,
  };
}
