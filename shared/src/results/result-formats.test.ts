import { describe, expect, it } from 'vitest';
import { itemViewSchema, parseItemJobId } from '../contracts/batch.js';
import { resultFormatSchema } from '../contracts/batch-results.js';
import { resultFormats } from './result-formats.js';
import { bytesOf, decidedItem, failedItem, sampleBatchId, sampleCard, streamOf } from './testing/sample-items.js';

const card = sampleCard();
const context = { batchId: sampleBatchId, labels: card.labels };
const base = decidedItem(card, { rows: [[0.125, 0.75]] });
const formats = resultFormatSchema.options.map((name) => ({ name, ...resultFormats[name] }));

describe.each(formats)('results as $name', ({ write }) => {
  /** How many clips of an endless batch are taken for the first chunk. */
  async function takenForOneChunk() {
    const source = { taken: 0, ended: false };
    async function* endless() {
      try {
        for (;;) yield { ...base, index: source.taken++, path: `folder/${source.taken}.wav` };
      } finally {
        source.ended = true;
      }
    }
    for await (const chunk of write(endless(), context)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    return source;
  }

  it('takes no more clips than the chunk that was read needs, and ends the source with the reading', async () => {
    const source = await takenForOneChunk();
    expect(source.taken).toBeLessThan(10_000);
    await expect.poll(() => source.ended).toBe(true);
  });

  it('throws what the source throws', async () => {
    async function* broken() {
      yield base;
      throw new Error('gone');
    }
    await expect(bytesOf(write(broken(), context))).rejects.toThrow('gone');
  });
});

describe('jsonl', () => {
  it('has a line for each clip that is an item view, without the kept answers', async () => {
    const items = [base, failedItem('audio_corrupt', { index: 1 })];
    const text = (await bytesOf(resultFormats.jsonl.write(streamOf(items), context))).toString();
    const views = text
      .trimEnd()
      .split('\n')
      .map((line) => itemViewSchema.parse(JSON.parse(line)));
    expect(views[0]).toMatchObject({ path: 'a/take.wav', result: base.result, finishedAt: '2026-01-02T03:04:05.000Z' });
    expect(views[0]).not.toHaveProperty('windows');
    expect(parseItemJobId(views[1]!.jobId)).toEqual({ batchId: sampleBatchId, index: 1 });
  });
});
