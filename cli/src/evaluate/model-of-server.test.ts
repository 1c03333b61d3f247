import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isServing, requireModel } from './model-of-server.js';

const model = (id: string, isDefault: boolean) => ({
  id,
  isDefault,
  version: '1',
  title: id,
  labels: ['a', 'b'],
  thresholds: { unknown: 0.5 },
  modelDigest: `sha256:${id}`,
});

let server: Server;
let baseUrl: string;
let answers: Record<string, unknown>;
let seenKey: string | undefined;
beforeEach(async () => {
  answers = {
    '/v1/models': { models: [model('first', false), model('second', true)], nextCursor: null },
    '/v1/limits': { file: { maxBytes: 1 }, uploads: {} },
  };
  server = createServer((request, response) => {
    seenKey = request.headers.authorization;
    const answer = answers[request.url ?? ''];
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? { code: 'not_found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

describe('requireModel', () => {
  it("takes the server's default, or the model named, and shows the key", async () => {
    expect(await requireModel({ baseUrl, apiKey: 'ak_1' }, undefined)).toMatchObject({ id: 'second' });
    expect(await requireModel({ baseUrl, apiKey: undefined }, 'first')).toMatchObject({ modelDigest: 'sha256:first' });
    await requireModel({ baseUrl, apiKey: 'ak_1' }, undefined);
    expect(seenKey).toBe('Bearer ak_1');
  });

  it('names the models there are when the one asked for is not', async () => {
    await expect(requireModel({ baseUrl, apiKey: undefined }, 'third')).rejects.toThrow('it has: first, second');
  });

  it('says so when the server has no models', async () => {
    answers['/v1/models'] = { models: [] };
    await expect(requireModel({ baseUrl, apiKey: undefined }, undefined)).rejects.toThrow('it has: none');
  });
});

describe('isServing', () => {
  it('is true for a Timbre, false for another server and for nobody', async () => {
    expect(await isServing(baseUrl)).toBe(true);
    answers['/v1/limits'] = { hello: 'world' };
    expect(await isServing(baseUrl)).toBe(false);
    expect(await isServing('http://127.0.0.1:1')).toBe(false);
  });
});
