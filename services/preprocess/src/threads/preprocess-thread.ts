/** Entry of a preprocessing thread (piscina). */
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { serializeError, toAppError } from '@timbre/shared/errors';
import { preprocessClip } from '../preprocess-clip.js';
import type { ClipAnswer, ClipTask } from './clip-task.js';

export default async function run(task: ClipTask): Promise<unknown> {
  const answer = await answerTo(task);
  if (!answer.ok) return answer;
  // Piscina transfers what the outermost value names; a buffer inside a plain object would be copied.
  return move({ [transferableSymbol]: [answer.tensors.pack.buffer], [valueSymbol]: answer });
}

async function answerTo(task: ClipTask): Promise<ClipAnswer> {
  try {
    return { ok: true, tensors: await preprocessClip(task) };
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'internal') return { ok: false, error: { code: 'internal', message: String(error.cause) } };
    return { ok: false, error: serializeError(error) };
  }
}
