import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpFaultProxy, requests, type HttpFault, type HttpFaultProxy } from './http-fault-proxy.js';

const content = '0123456789'.repeat(1_000);
let target: http.Server;
let proxy: HttpFaultProxy;
let reached = 0;

beforeAll(async () => {
  target = http.createServer((request, response) => {
    reached++;
    request.resume();
    response.writeHead(200, { 'content-length': content.length, 'x-host': request.headers.host }).end(content);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  proxy = await createHttpFaultProxy({ host: '127.0.0.1', port: (target.address() as AddressInfo).port });
});
afterAll(async () => {
  await proxy.close();
  target.closeAllConnections();
  await new Promise((resolve) => target.close(resolve));
});

const ask = () => fetch(`http://127.0.0.1:${proxy.port}/path?query=1`, { method: 'PUT', body: 'hello' });
const answerUnder = async (fault: HttpFault) => {
  proxy.setRule(() => fault);
  return await (await ask()).text();
};

describe('HTTP fault proxy', () => {
  it('passes a request on with its host header when it has no fault', async () => {
    proxy.setRule(undefined);
    const response = await ask();
    expect(await response.text()).toBe(content);
    expect(response.headers.get('x-host')).toBe(`127.0.0.1:${proxy.port}`);
    expect(proxy.seen).toEqual([{ method: 'PUT', url: '/path?query=1', index: 0 }]);
  });

  it('answers the second and third request with a status of its own, which the target never sees', async () => {
    proxy.setRule(requests(1, 3, { status: 503, body: 'slow down' }));
    reached = 0;
    const statuses: number[] = [];
    for (let count = 0; count < 4; count++) statuses.push((await ask()).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(reached).toBe(2);
  });

  it('shortens a body in a well-formed way and inverts a byte', async () => {
    expect(await answerUnder({ shortenToBytes: 7 })).toBe('0123456');
    const flipped = await answerUnder({ flipByteAt: 2 });
    expect([flipped.length >= content.length, flipped.startsWith('01'), flipped.startsWith('012')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('breaks a body off, resets, and loses answers after the target did its work', async () => {
    await expect(answerUnder({ truncateAfterBytes: 100 })).rejects.toThrow();
    reached = 0;
    await expect(answerUnder({ reset: true })).rejects.toThrow();
    expect(reached).toBe(0);
    await expect(answerUnder({ loseAnswer: true })).rejects.toThrow();
    expect(reached).toBe(1);
  });

  it('hangs and stalls until the client gives up', async () => {
    for (const fault of [{ hang: true }, { stallAfterBytes: 10 }]) {
      proxy.setRule(() => fault);
      const limited = fetch(`http://127.0.0.1:${proxy.port}/`, { signal: AbortSignal.timeout(100) });
      await expect(limited.then((response) => response.text())).rejects.toThrow(/timeout/);
    }
  });

  it('takes the time of its delay and of its rate', async () => {
    const startedAt = performance.now();
    await answerUnder({ delayMs: 50 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
    const before = performance.now();
    await answerUnder({ bytesPerSecond: 100_000 });
    expect(performance.now() - before).toBeGreaterThanOrEqual(95);
  });
});
