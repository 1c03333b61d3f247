/**
 * Feature spec: a declarative description of how mono PCM becomes the rows of a model's input.
 *
 * Everything that changes a number in the tensor is in here, so two equal specs (same digest) always give the same
 * tensor for the same clip. Normalisation that a model wants on top belongs inside its ONNX graph.
 */
import { z } from 'zod';

const seconds = z.number().positive().max(3600);

/** Which part of the clip becomes windows. Fixed-length crops are padded with zeros at their end when the clip is shorter. */
export const cropSchema = z.discriminatedUnion('kind', [
  /** The first `seconds`. */
  z.strictObject({ kind: z.literal('head'), seconds }),
  /** `beforeSeconds` and `afterSeconds` around the sample of largest magnitude, shifted to stay inside the clip. */
  z.strictObject({ kind: z.literal('peak'), beforeSeconds: seconds, afterSeconds: seconds }),
  /** The whole clip as one window; needs `resize`, because windows have a fixed shape. */
  z.strictObject({ kind: z.literal('full') }),
  /** Windows of `windowSeconds` every `hopSeconds`; the last one ends at or after the end of the clip. */
  z.strictObject({ kind: z.literal('sliding'), windowSeconds: seconds, hopSeconds: seconds }),
]);

const stftFields = {
  nFft: z.int().min(64).max(16384),
  hopLength: z.int().min(1).max(16384),
  winLength: z.int().min(16).max(16384),
  nMels: z.int().min(1).max(512),
  fMinHz: z.number().min(0),
  /** `null`: half the sample rate. */
  fMaxHz: z.number().positive().nullable(),
  melScale: z.enum(['htk', 'slaney']),
  melNorm: z.enum(['none', 'slaney']),
  /** 1: magnitude, 2: power. */
  power: z.union([z.literal(1), z.literal(2)]),
  /** Reflect-pad by `nFft / 2` on both sides, as torchaudio does by default. */
  center: z.boolean(),
};

const logSchema = z.discriminatedUnion('kind', [
  /** 10·log10(max(x, 1e-10)) for power (20·log10 for magnitude), clamped to `topDb` below the maximum of the window. */
  z.strictObject({ kind: z.literal('db'), topDb: z.number().positive().nullable() }),
  /** ln(x + offset). */
  z.strictObject({ kind: z.literal('ln'), offset: z.number().positive() }),
]);

/** What is computed from each window. Periodic Hann window; conventions follow torchaudio. */
export const transformSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('waveform') }),
  z.strictObject({ kind: z.literal('mel'), ...stftFields }),
  z.strictObject({ kind: z.literal('logMel'), ...stftFields, log: logSchema }),
  /** Orthonormal DCT-II of the log-mel. */
  z.strictObject({
    kind: z.literal('mfcc'),
    ...stftFields,
    log: logSchema,
    coefficients: z.int().min(1).max(512),
  }),
]);

export const featureSpecSchema = z
  .strictObject({
    version: z.literal(1),
    sampleRateHz: z.int().min(4000).max(192000),
    crop: cropSchema,
    transform: transformSchema,
    /** Bilinear resize (half-pixel centres, no antialias) of the `[rows, frames]` image to this shape. */
    resize: z.strictObject({ rows: z.int().min(1).max(1024), frames: z.int().min(1).max(4096) }).optional(),
  })
  .superRefine((spec, context) => {
    const { crop, transform } = spec;
    const issue = (message: string, path: string[]) => context.addIssue({ code: 'custom', message, path });
    if (crop.kind === 'full' && !spec.resize) issue('crop "full" needs "resize"', ['resize']);
    if (crop.kind === 'sliding' && crop.hopSeconds > crop.windowSeconds)
      issue('hopSeconds must not exceed windowSeconds', ['crop', 'hopSeconds']);
    if (transform.kind === 'waveform') {
      if (spec.resize) issue('a waveform cannot be resized', ['resize']);
      return;
    }
    if (transform.winLength > transform.nFft) issue('winLength must not exceed nFft', ['transform', 'winLength']);
    if ((transform.fMaxHz ?? spec.sampleRateHz / 2) > spec.sampleRateHz / 2)
      issue('fMaxHz must not exceed half the sample rate', ['transform', 'fMaxHz']);
    if (transform.fMinHz >= (transform.fMaxHz ?? Math.floor(spec.sampleRateHz / 2)))
      issue('fMinHz must be below fMaxHz', ['transform', 'fMinHz']);
    if (transform.kind === 'mfcc' && transform.coefficients > transform.nMels)
      issue('coefficients must not exceed nMels', ['transform', 'coefficients']);
  });

export type FeatureSpec = z.infer<typeof featureSpecSchema>;
export type Crop = FeatureSpec['crop'];
export type Transform = FeatureSpec['transform'];
export type StftTransform = Exclude<Transform, { kind: 'waveform' }>;

/** Samples in one window before the transform; `null` for crop `full`, whose length is the clip's. */
export function windowSamples(spec: FeatureSpec): number | null {
  const { crop, sampleRateHz } = spec;
  switch (crop.kind) {
    case 'head':
      return Math.round(crop.seconds * sampleRateHz);
    case 'peak':
      return Math.round((crop.beforeSeconds + crop.afterSeconds) * sampleRateHz);
    case 'sliding':
      return Math.round(crop.windowSeconds * sampleRateHz);
    case 'full':
      return null;
  }
}

/** STFT frames over `samples` samples. */
export function frameCount(transform: StftTransform, samples: number): number {
  const padded = transform.center ? samples + 2 * Math.floor(transform.nFft / 2) : samples;
  return padded < transform.nFft ? 0 : 1 + Math.floor((padded - transform.nFft) / transform.hopLength);
}

/**
 * Shape of one window, without the batch axis: `[samples]` for a waveform, otherwise `[1, rows, frames]`
 * (channel, mel band or coefficient, time), row-major.
 */
export function windowShape(spec: FeatureSpec): number[] {
  const samples = windowSamples(spec);
  const { transform, resize } = spec;
  if (transform.kind === 'waveform') return [samples ?? 0];
  if (resize) return [1, resize.rows, resize.frames];
  const rows = transform.kind === 'mfcc' ? transform.coefficients : transform.nMels;
  return [1, rows, frameCount(transform, samples ?? 0)];
}
