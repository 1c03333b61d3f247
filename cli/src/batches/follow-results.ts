/**
 * Results as they come in, as JSON lines: each clip once, until the batch has ended. The service gives all there is at each
 * question, so questions get rarer the longer an answer takes.
 */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { BatchCalls, ResultOptions } from '@timbre/client';
import { chunksOf } from './write-results.js';

export interface FollowResults {
  options: Omit<ResultOptions, 'format'>;
  signal: AbortSignal;
  print: (line: string) => void;
  now?: () => number;
}

const LEAST_PAUSE_MS = 1000;
/** Time spent on answers is at most a fifth. */
const PAUSE_FACTOR = 4;

export async function followResults(
  batches: Pick<BatchCalls, 'results' | 'events'>,
  id: string,
  { options, signal, print, now = () => performance.now() }: FollowResults,
): Promise<void> {
  const seen = createIndexSet();
  let askAtMs = -Infinity;
  const ask = async (): Promise<boolean> => {
    const beganAtMs = now();
    const { body, complete } = await batches.results(id, { ...options, format: 'jsonl' }, { signal });
    for await (const line of createInterface({ input: Readable.from(chunksOf(body)), crlfDelay: Infinity })) {
      const index = Number(/^\{"index":(\d+)/.exec(line)?.[1] ?? NaN);
      if (Number.isInteger(index) && seen.add(index)) print(line);
    }
    askAtMs = now() + Math.max(LEAST_PAUSE_MS, (now() - beganAtMs) * PAUSE_FACTOR);
    return complete;
  };
  for await (const _change of batches.events(id, { signal }))
    // A pause ends with the next change; the last change comes after this loop.
    if (now() >= askAtMs && (await ask())) return;
  await ask();
}

/** Which clips were printed: one bit each. */
function createIndexSet(): { add(index: number): boolean } {
  let bits = new Uint8Array(1024);
  return {
    add(index) {
      const [byte, mask] = [index >> 3, 1 << (index & 7)];
      if (byte >= bits.length) {
        const grown = new Uint8Array(Math.max(bits.length * 2, byte + 1));
        grown.set(bits);
        bits = grown;
      }
      const before = bits[byte] ?? 0;
      bits[byte] = before | mask;
      return (before & mask) === 0;
    },
  };
}
