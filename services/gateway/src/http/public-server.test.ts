import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPublicServer, type PublicServer } from './public-server.js';

let server: PublicServer;
let client: Socket;

beforeEach(async () => {
  server = await startPublicServer((_request, response) => void response.end('answered'), {
    host: '127.0.0.1',
    port: 0,
    restMs: 100,
  });
  client = connect(server.port, '127.0.0.1');
});
afterEach(async () => {
  client.destroy();
  await server.close(0);
});

async function answer(): Promise<string> {
  const [chunk] = (await once(client, 'data')) as [Buffer];
  return chunk.toString('utf8');
}

describe('a connection whose answer did without the body', () => {
  it('is closed when the body is not over 100 ms later', async () => {
    const closed = once(client, 'close');
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{');
    expect(await answer()).toContain('200 OK');
    await closed;
  });

  it('serves the next request when the body came after all', async () => {
    const started = performance.now();
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n');
    expect(await answer()).toContain('200 OK');
    client.write('{}');
    while (performance.now() - started < 300) {
      client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect(await answer()).toContain('200 OK');
    }
    expect(client.destroyed).toBe(false);
  });
});
