/** The kept answers of a model, between typed arrays and the text they are stored as (base64, little-endian). Pure. */
import type { WindowAnswers } from '../contracts/batch.js';
import { AppError } from '../errors.js';

export interface RawWindowAnswers {
  /** `[windows, labels]`, row-major, as the graph answered. */
  outputs: Float32Array;
  /** `[windows]`, dBFS. */
  rmsDbfs: Float32Array;
  /** `[windows, 2]`: start and end in seconds. */
  offsets: Float64Array;
}

const textOf = (array: Float32Array | Float64Array) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
const corrupt = (detail: string) => new AppError('storage_corrupt', { detail });

export function encodeWindowAnswers({ outputs, rmsDbfs, offsets }: RawWindowAnswers): WindowAnswers {
  return { outputs: textOf(outputs), rmsDbfs: textOf(rmsDbfs), offsets: textOf(offsets) };
}

/**
 * The returned arrays own their memory.
 * @param labels of the model that answered
 * @throws AppError `storage_corrupt` when the lengths do not fit each other or the labels
 */
export function decodeWindowAnswers(answers: WindowAnswers, labels: number): RawWindowAnswers {
  const rmsDbfs = new Float32Array(bytesOf(answers.rmsDbfs, 4));
  const outputs = new Float32Array(bytesOf(answers.outputs, 4));
  const offsets = new Float64Array(bytesOf(answers.offsets, 8));
  const windows = rmsDbfs.length;
  if (outputs.length !== windows * labels) throw corrupt('the kept answers are not one for each window and label');
  if (offsets.length !== windows * 2) throw corrupt('the kept times are not two for each window');
  return { outputs, rmsDbfs, offsets };
}

/** A copy, because the memory behind a decoded buffer is shared and not aligned. */
function bytesOf(text: string, elementBytes: number): ArrayBuffer {
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // Node skips what is not base64, and everything behind it would be shifted.
  if (bytes.length !== (text.length / 4) * 3 - padding) throw corrupt('the kept answers are not base64');
  if (bytes.length % elementBytes !== 0) throw corrupt('the kept answers end within a number');
  return new Uint8Array(bytes).buffer;
}
