import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitUntilReady } from './readiness.js';

describe('waitUntilReady', () => {
  let server: Server;
  let readyUrl: string;
  let answers: [status: number, body: string][];
  beforeEach(async () => {
    server = createServer((_request, response) => {
      const [status, body] = answers.length > 1 ? answers.shift()! : answers[0]!;
      response.writeHead(status).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    readyUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/readyz`;
  });
  afterEach(async () => {
    vi.useRealTimers();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('returns after 503, 503, 200', async () => {
    answers = [
      [503, '{}'],
      [503, '{}'],
      [200, '{}'],
    ];
    await waitUntilReady([{ name: 'worker-1', readyUrl }], {
      signal: new AbortController().signal,
      report: () => undefined,
    });
    expect(answers).toEqual([[200, '{}']]);
  });

  it('says every 5 seconds which check of which process is missing', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    answers = [[503, '{"ready":false,"checks":{"redis":"ok","model":"mfcc-cnn is warming up"}}']];
    const lines: string[] = [];
    const controller = new AbortController();
    const targets = [
      { name: 'worker-1', readyUrl },
      { name: 'gateway', readyUrl: 'http://127.0.0.1:1/readyz' },
    ];
    const waiting = waitUntilReady(targets, {
      signal: controller.signal,
      report: (line) => void lines.push(line),
    });
    const outcome = expect(waiting).rejects.toThrow('enough');
    await vi.waitUntil(() => {
      vi.advanceTimersByTime(5000);
      return lines.at(-1)?.includes('warming up');
    });
    controller.abort(new Error('enough'));
    await outcome;
    expect(lines.at(-1)).toBe('still starting: worker-1 (model: mfcc-cnn is warming up), gateway (not answering yet)');
    const said = lines.length;
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(said);
  });
});
