import { afterEach, describe, expect, it } from 'vitest';
import type { BatchState } from '@timbre/shared/contracts/batch';
import { createTimbreClient } from './timbre-client.js';
import {
  dropConnection,
  head,
  json,
  startScriptedServer,
  type Answer,
  type ScriptedServer,
} from './testing/scripted-server.js';

const id = `b${'0'.repeat(32)}`;
const batch = (state: BatchState) => ({ id, state, clips: { total: 2 } });

let server: ScriptedServer;
async function clientFor(...answers: Answer[]) {
  server = await startScriptedServer(answers);
  return createTimbreClient({ baseUrl: server.url, retry: { sleep: async () => undefined } });
}
afterEach(() => server.close());

const stream =
  (text: string, end = true): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(text);
    // Cut off instead of ended: as a gateway that is killed.
    if (end) response.end();
    else setImmediate(() => response.destroy());
  };
const event = (revision: number, state: BatchState, name = 'progress') =>
  `id: ${revision}\nevent: ${name}\ndata: ${JSON.stringify({ revision, batch: batch(state) })}\n\n`;

describe('batches.submit', () => {
  it('sends an archive with its options in the query, without those that are undefined', async () => {
    const client = await clientFor(json(202, batch('expanding')));
    const made = await client.batches.submit({ body: new Blob(['PK']) }, { name: 'a & b', model: undefined });
    expect(made).toMatchObject({ batch: { id }, replayed: false });
    const { request, body } = server.seen[0]!;
    expect(request.url).toBe('/v1/batches?name=a+%26+b');
    expect(request.headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '2' });
    expect(body.toString()).toBe('PK');
  });

  it('sends a source as JSON, and says when the key had made the batch before', async () => {
    const client = await clientFor(json(202, batch('running'), { 'idempotency-replayed': 'true' }));
    const made = await client.batches.submit(
      { source: { prefix: 's3://b/p' } },
      { weight: 2 },
      { idempotencyKey: 'k' },
    );
    expect(made.replayed).toBe(true);
    expect(JSON.parse(server.seen[0]!.body.toString())).toEqual({ weight: 2, source: { prefix: 's3://b/p' } });
    expect(server.seen[0]!.request.headers).toMatchObject({
      'idempotency-key': 'k',
      'content-type': 'application/json',
    });
  });

  it('names a manifest by its kind', async () => {
    const client = await clientFor(json(202, batch('expanding')));
    await client.batches.submit({ body: '{"uri":"https://a"}\n' }, { format: 'jsonl' });
    expect(server.seen[0]!.request.headers['content-type']).toBe('application/x-ndjson');
  });
});

describe('batches.events', () => {
  const follow = async (client: Awaited<ReturnType<typeof clientFor>>) => {
    const states = [];
    for await (const { batch: seen, revision } of client.batches.events(id)) states.push([revision, seen.state]);
    return states;
  };

  it('ends with the end event, whatever the stream does then', async () => {
    const client = await clientFor(stream(event(1, 'running') + event(2, 'succeeded', 'end') + event(3, 'failed')));
    expect(await follow(client)).toEqual([
      [1, 'running'],
      [2, 'succeeded'],
    ]);
  });

  it('goes on after a stream that broke with the id it saw last', async () => {
    const client = await clientFor(
      stream(event(7, 'running'), false),
      dropConnection,
      stream(event(9, 'succeeded', 'end')),
    );
    expect(await follow(client)).toEqual([
      [7, 'running'],
      [9, 'succeeded'],
    ]);
    expect(server.seen.map(({ request }) => request.headers['last-event-id'])).toEqual([undefined, '7', '7']);
  });

  it('asks for the state after 4 connections that brought no event', async () => {
    const noStream = json(200, { hello: 'proxy' });
    const client = await clientFor(
      ...Array<Answer>(4).fill(noStream),
      json(200, batch('running')),
      json(200, batch('succeeded')),
    );
    expect(await follow(client)).toEqual([
      [undefined, 'running'],
      [undefined, 'succeeded'],
    ]);
    expect(server.seen[4]!.request.url).toBe(`/v1/batches/${id}?waitSeconds=30`);
  });

  it('gives up at once on a batch that is not there', async () => {
    const client = await clientFor(json(404, { code: 'not_found' }));
    await expect(follow(client)).rejects.toMatchObject({ code: 'not_found' });
    expect(server.seen).toHaveLength(1);
  });

  it('stops at an abort with its reason', async () => {
    const controller = new AbortController();
    const client = await clientFor(
      (_request, response) =>
        void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event(1, 'running')),
    );
    const states: string[] = [];
    const following = (async () => {
      for await (const { batch: seen } of client.batches.events(id, { signal: controller.signal })) {
        states.push(seen.state);
        controller.abort(new Error('enough'));
      }
    })();
    await expect(following).rejects.toThrow('enough');
    expect(states).toEqual(['running']);
  });
});

describe('reading a batch', () => {
  it('gives all items of two pages', async () => {
    const client = await clientFor(
      json(200, { items: [{ index: 0 }, { index: 1 }], nextCursor: 'c' }),
      json(200, { items: [{ index: 2 }], nextCursor: null }),
    );
    const indexes = [];
    for await (const { index } of client.batches.allItems(id, { state: 'failed' })) indexes.push(index);
    expect(indexes).toEqual([0, 1, 2]);
    expect(server.seen[1]!.request.url).toBe(`/v1/batches/${id}/items?state=failed&limit=1000&cursor=c`);
  });

  it('says whether results are all there are', async () => {
    const client = await clientFor(json(200, { index: 0 }, { 'timbre-complete': 'false' }));
    const { complete, body } = await client.batches.results(id, { format: 'jsonl', threshold: 0.5 });
    expect(complete).toBe(false);
    expect(await new Response(body).json()).toEqual({ index: 0 });
    expect(server.seen[0]!.request.url).toBe(`/v1/batches/${id}/results?format=jsonl&threshold=0.5`);
  });

  it('compares with the batch given as the one before', async () => {
    const client = await clientFor(json(200, { before: 'b', after: 'a', items: [] }));
    await client.batches.diff('a', 'b', { limit: 3 });
    expect(server.seen[0]!.request.url).toBe('/v1/batches/a/diff?against=b&limit=3');
  });

  it('waits past answers of a batch that still runs', async () => {
    const client = await clientFor(json(200, batch('running')), json(200, batch('completed_with_errors')));
    expect(await client.batches.wait(id)).toMatchObject({ state: 'completed_with_errors' });
  });
});

describe('changing a batch', () => {
  it('does not try a rescore again, which could make a second batch', async () => {
    const client = await clientFor(dropConnection);
    await expect(client.batches.rescore(id, { model: 'm' })).rejects.toThrow();
    expect(server.seen).toHaveLength(1);
  });

  it('tries a cancel again, which is done once however often it is asked for', async () => {
    const client = await clientFor(dropConnection, json(202, batch('canceling')));
    expect(await client.batches.cancel(id)).toMatchObject({ state: 'canceling' });
  });

  it('deletes the audio, or all', async () => {
    const client = await clientFor(head(204), head(204));
    await client.batches.deleteAudio(id);
    await client.batches.delete(id);
    expect(server.seen.map(({ request }) => `${request.method} ${request.url}`)).toEqual([
      `DELETE /v1/batches/${id}/audio`,
      `DELETE /v1/batches/${id}`,
    ]);
  });
});
