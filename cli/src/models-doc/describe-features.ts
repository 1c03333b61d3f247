/** A feature spec in a few words: `loudest 2 s at 44.1 kHz, 15 MFCCs`. Pure. */
import type { FeatureSpec } from '@timbre/shared/contracts/feature-spec';

export function describeFeatures({ sampleRateHz, crop, transform, resize }: FeatureSpec): string {
  const parts = [`${describeCrop(crop)} at ${sampleRateHz / 1000} kHz`, describeTransform(transform)];
  if (resize) parts.push(`as ${resize.rows}×${resize.frames}`);
  return parts.join(', ');
}

function describeCrop(crop: FeatureSpec['crop']): string {
  switch (crop.kind) {
    case 'head':
      return `first ${crop.seconds} s`;
    case 'peak':
      return `loudest ${crop.beforeSeconds + crop.afterSeconds} s`;
    case 'full':
      return 'whole clip';
    case 'sliding':
      return `${crop.windowSeconds} s every ${crop.hopSeconds} s of the whole clip`;
  }
}

function describeTransform(transform: FeatureSpec['transform']): string {
  switch (transform.kind) {
    case 'waveform':
      return 'waveform';
    case 'mel':
      return `${transform.nMels} mel bands`;
    case 'logMel':
      return `${transform.nMels} log-mel bands`;
    case 'mfcc':
      return `${transform.coefficients} MFCCs`;
  }
}
