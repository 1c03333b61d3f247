/** Somebody who wants to be told: a local HTTP server that notes what comes and answers as the test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
  /** What the test answered. */
  status: number;
}

/** A status, `reset` (no answer, the line breaks) or `silent` (no answer, ever). */
export type Reply = number | 'reset' | 'silent';

export interface Receiver {
  url: string;
  received: Received[];
  stop(): Promise<void>;
}

export async function startReceiver(reply: (path: string, nth: number) => Reply): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const path = request.url ?? '';
      const answer = reply(path, received.length);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join() : (value ?? ''),
        ]),
      );
      received.push({ path, headers, body, status: typeof answer === 'number' ? answer : 0 });
      send(answer, request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(answer: Reply, request: IncomingMessage, response: ServerResponse): void {
  if (answer === 'silent') return;
  if (answer === 'reset') return void request.socket.destroy();
  response.writeHead(answer, answer >= 300 && answer < 400 ? { location: '/elsewhere' } : {}).end('noted');
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}
