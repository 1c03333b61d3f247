import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchCalls, FollowedBatch } from '@timbre/client';
import { followResults } from './follow-results.js';
import { checkTarget, writeResults } from './write-results.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'timbre-results-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const signal = new AbortController().signal;
const answer = (text: string, complete = true): BatchCalls['results'] => {
  return async () => ({ complete, contentType: '', body: new Blob([text]).stream() as ReadableStream<Uint8Array> });
};
const breaking: BatchCalls['results'] = async () => ({
  complete: true,
  contentType: '',
  body: new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array([1]));
      controller.error(new TypeError('terminated'));
    },
  }),
});

describe('writeResults', () => {
  const target = () => ({ path: join(folder, 'out.csv'), stdout: new PassThrough() });

  it('writes a file and says whether these are all', async () => {
    const batches = { results: answer('a,b\n', false) };
    expect(await writeResults(batches, 'b', { options: {}, target: target(), signal })).toBe(false);
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('a,b\n');
  });

  it('leaves an earlier file as it was, and nothing else, when the line breaks', async () => {
    writeFileSync(join(folder, 'out.csv'), 'earlier');
    await expect(writeResults({ results: breaking }, 'b', { options: {}, target: target(), signal })).rejects.toThrow();
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('earlier');
    expect(readdirSync(folder)).toEqual(['out.csv']);
  });

  it('ends well when the reader leaves, as head does', async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' })),
    });
    await writeResults({ results: answer('x') }, 'b', { options: {}, target: { path: undefined, stdout }, signal });
  });

  it('keeps parquet off a terminal, not out of a pipe or a file', () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true });
    expect(() => checkTarget('parquet', { path: undefined, stdout: terminal })).toThrow('give --out FILE');
    checkTarget('parquet', { path: 'x', stdout: terminal });
    checkTarget('parquet', { path: undefined, stdout: new PassThrough() });
    checkTarget('csv', { path: undefined, stdout: terminal });
    expect(existsSync('x')).toBe(false);
  });
});

describe('followResults', () => {
  const line = (index: number) => `{"index":${index},"path":"x"}`;
  async function* changes(count: number): AsyncGenerator<FollowedBatch, void> {
    for (let revision = 0; revision < count; revision++) yield { revision, batch: {} as FollowedBatch['batch'] };
  }
  const follow = async (answers: [text: string, complete: boolean][], events: number, clock = () => 0) => {
    const printed: string[] = [];
    let asked = 0;
    const results: BatchCalls['results'] = (...args) => {
      const [text, complete] = answers[Math.min(asked++, answers.length - 1)]!;
      return answer(text, complete)(...args);
    };
    const batches = { results, events: () => changes(events) };
    await followResults(batches, 'b', { options: {}, signal, print: (text) => void printed.push(text), now: clock });
    return { printed, asked };
  };

  it('prints each clip once, also those that come late between others', async () => {
    let clock = 0;
    const { printed } = await follow(
      [
        [`${line(0)}\n${line(2)}\n`, false],
        [`${line(0)}\n${line(1)}\n${line(2)}\n`, false],
        [`${line(0)}\n${line(1)}\n${line(2)}\n${line(9000)}\n`, true],
      ],
      9,
      () => (clock += 1000),
    );
    expect(printed).toEqual([0, 2, 1, 9000].map(line));
  });

  it('does not ask at each of 100 changes that come at once, but once more at the end', async () => {
    const { asked, printed } = await follow([[`${line(0)}\n`, false]], 100);
    expect(asked).toBe(2);
    expect(printed).toEqual([line(0)]);
  });
});
