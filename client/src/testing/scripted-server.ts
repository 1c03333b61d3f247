/** A server that gives prepared answers in their order and keeps what it was asked. For tests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface ScriptedServer {
  url: string;
  seen: { request: IncomingMessage; body: Buffer }[];
  close(): Promise<void>;
}

export async function startScriptedServer(answers: Answer[]): Promise<ScriptedServer> {
  const seen: ScriptedServer['seen'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      seen.push({ request, body });
      const answer = answers.shift();
      if (answer) answer(request, response, body);
      else response.writeHead(500).end('the script is at its end');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end(JSON.stringify(body));

export const head =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, headers).end();

export const dropConnection: Answer = (request) => void request.socket.destroy();
