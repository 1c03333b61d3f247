/** Entry of a preprocessing thread (piscina). */
import { move } from 'piscina';
import { serializeError, toAppError } from '@timbre/shared/errors';
import { preprocessClip } from '../preprocess-clip.js';
import type { ClipAnswer, ClipTask } from './clip-task.js';

export default async function run(task: ClipTask): Promise<ClipAnswer> {
  try {
    const tensors = await preprocessClip(task);
    return { ok: true, tensors: { ...tensors, pack: move(tensors.pack) as unknown as Uint8Array } };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'internal') return { ok: false, error: { code: 'internal', message: String(error.cause) } };
    return { ok: false, error: serializeError(error) };
  }
}
