import { describe, expect, it } from 'vitest';
import { childTraceparent, parseTraceparent, traceIdOf } from './traceparent.js';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  it('keeps the trace id and takes a new span id', () => {
    const child = childTraceparent(parent);
    expect(traceIdOf(child)).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(parseTraceparent(child)?.spanId).not.toBe('b7ad6b7169203331');
  });

  it.each([
    '',
    'junk',
    '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  ])('starts a new trace for %j', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
    expect(parseTraceparent(childTraceparent(header))).toBeDefined();
  });
});
