/** Makes the batch of a submission, once, whatever breaks and however often the command is repeated. */
import type { BatchView } from '@timbre/shared/contracts/batch';
import { TimbreApiError, type BatchCalls, type BatchContent, type BatchOptions } from '@timbre/client';
import { derivedKey } from './batch-key.js';

export interface MadeBatch {
  batch: BatchView;
  /** An earlier command made it. */
  replayed: boolean;
}

export interface MakeOptions {
  content: BatchContent;
  options: BatchOptions;
  /** Of the person, taken as it is; or derived from what is sent; absent: a batch of its own. */
  key: { given: string } | { derived: string } | undefined;
  signal: AbortSignal;
}

/** States after which whoever sends the same again wants it done. */
const GIVEN_UP = new Set(['failed', 'canceled', 'expired']);
const MOST_DELETED = 5;

export async function makeBatch(batches: Pick<BatchCalls, 'submit'>, make: MakeOptions): Promise<MadeBatch> {
  const { content, options, key, signal } = make;
  if (key === undefined) return batches.submit(content, options, { signal });
  if ('given' in key) return batches.submit(content, options, { signal, idempotencyKey: key.given });
  let idempotencyKey = key.derived;
  for (let deleted = 0; ;) {
    let earlier = 'deleted';
    try {
      const made = await batches.submit(content, options, { signal, idempotencyKey });
      if (!made.replayed || !GIVEN_UP.has(made.batch.state)) return made;
      earlier = made.batch.id;
    } catch (error) {
      // The key leads to a batch that is not there any more.
      if (!(error instanceof TimbreApiError) || error.code !== 'not_found' || ++deleted > MOST_DELETED) throw error;
    }
    // Follows from the batch that was given up, so it is the same again when this command is repeated.
    idempotencyKey = derivedKey(idempotencyKey, earlier);
  }
}
