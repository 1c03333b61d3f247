import { describe, expect, it } from 'vitest';
import type { StreamServerMessage } from '@timbre/shared/contracts/stream';
import { WindowLine } from './window-line.js';

const failed = (seq: number): StreamServerMessage => ({ type: 'error', code: 'internal', detail: '', seq });

function newLine() {
  const sent: unknown[] = [];
  const line = new WindowLine((message) =>
    sent.push(message.type === 'error' ? message.seq : message.type === 'lagging' ? `-${message.skipped}` : message),
  );
  return { line, sent };
}

describe('WindowLine', () => {
  it('keeps answers back until those before them are there', () => {
    const { line, sent } = newLine();
    const [first, second, third] = [line.take(), line.take(), line.take()];
    third.fill(failed(2));
    second.fill(failed(1));
    expect(sent).toEqual([]);
    first.fill(failed(0));
    expect(sent).toEqual([0, 1, 2]);
    expect(line.open).toBe(0);
  });

  it('tells of 2 skipped neighbours at once, in their place', () => {
    const { line, sent } = newLine();
    const first = line.take();
    line.skip();
    line.skip();
    const last = line.take();
    last.fill(failed(3));
    first.fill(failed(0));
    expect(sent).toEqual([0, '-2', 3]);
  });

  it('tells of a skipped window at once when nothing is before it, and takes one message for a place', () => {
    const { line, sent } = newLine();
    line.skip();
    const place = line.take();
    place.fill(failed(1));
    place.fill(failed(9));
    expect(sent).toEqual(['-1', 1]);
  });
});
