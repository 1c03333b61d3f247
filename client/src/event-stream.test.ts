import { describe, expect, it } from 'vitest';
import { readEvents } from './event-stream.js';

async function eventsOf(...chunks: (string | Uint8Array)[]) {
  const encoder = new TextEncoder();
  async function* body() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? encoder.encode(chunk) : chunk;
  }
  const events = [];
  for await (const event of readEvents(body())) events.push(event);
  return events;
}

describe('readEvents', () => {
  it('reads id, name and data of two events and leaves out a ping and a retry field', async () => {
    const events = await eventsOf(
      'retry: 2000\n\nid: 4\nevent: progress\ndata: {"a":1}\n\n: ping\n\nevent:end\ndata:x\n\n',
    );
    expect(events).toEqual([
      { id: '4', event: 'progress', data: '{"a":1}' },
      { id: '4', event: 'end', data: 'x' },
    ]);
  });

  it('joins data lines, and a line cut anywhere: in a CRLF, in the 2 bytes of an ä', async () => {
    const bytes = new TextEncoder().encode('data: ä\r\ndata: b\r\n\r\n');
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(await eventsOf(bytes.slice(0, cut), bytes.slice(cut)), `cut at ${cut}`).toEqual([
        { id: undefined, event: 'message', data: 'ä\nb' },
      ]);
  });

  it('does not give an event that the end of the stream cut off', async () => {
    expect(await eventsOf('data: half\n')).toEqual([]);
  });
});
