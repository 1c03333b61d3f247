/** How tests call the decoder and look at what it throws. */
import { isAppError, type AppError } from '@timbre/shared/errors';
import { decodeClip, defaultDecodeLimits, type DecodedClip, type DecodeOptions } from '../decode-clip.js';

export const RATE_HZ = 44_100;

/** Decodes at 44.1 kHz within the default limits. */
export function decode(bytes: Uint8Array, options: Partial<DecodeOptions> = {}): Promise<DecodedClip> {
  return decodeClip(bytes, { targetRateHz: RATE_HZ, limits: defaultDecodeLimits, ...options });
}

/** Default limits with some of them changed. */
export function limitsWith(changes: Partial<DecodeOptions['limits']>): DecodeOptions['limits'] {
  return { ...defaultDecodeLimits, ...changes };
}

/** The error that decoding ends with; throws when it does not fail, or not with an `AppError`. */
export async function failureOf(bytes: Uint8Array, options: Partial<DecodeOptions> = {}): Promise<AppError> {
  try {
    await decode(bytes, options);
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
  throw new Error('the clip was decoded');
}

export async function codeOf(bytes: Uint8Array, options: Partial<DecodeOptions> = {}): Promise<string> {
  return (await failureOf(bytes, options)).code;
}
