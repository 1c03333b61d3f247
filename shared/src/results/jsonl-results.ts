/** One JSON object a line: the clip as `GET /v1/batches/:id/items` shows it. Pure. */
import type { ItemResult } from '../contracts/batch.js';
import { byteChunks } from './byte-chunks.js';
import { itemViewOf } from './item-view.js';
import type { ResultContext } from './result-columns.js';

export function jsonlResults(items: AsyncIterable<ItemResult>, { batchId }: ResultContext): AsyncGenerator<Buffer> {
  return byteChunks(lines(items, batchId));
}

async function* lines(items: AsyncIterable<ItemResult>, batchId: string): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(itemViewOf(item, batchId))}\n`;
}
