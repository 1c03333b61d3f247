/**
 * A lean HTTP client for load: node:http with kept connections. `fetch` would spend as much processor time per call as the
 * gateway it measures.
 */
import { Agent, request } from 'node:http';

export interface HttpAnswer {
  status: number;
  body: Record<string, unknown>;
}

export interface HttpClient {
  send(method: 'GET' | 'POST', path: string, body?: Uint8Array): Promise<HttpAnswer>;
  close(): void;
}

export function createHttpClient(baseUrl: string): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const { hostname, port } = new URL(baseUrl);
  return {
    send: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers = body ? { 'content-type': 'audio/wav', 'content-length': body.byteLength } : {};
        const outgoing = request({ agent, hostname, port, method, path, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const parsed = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
            resolve({ status: response.statusCode ?? 0, body: parsed });
          });
        });
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}
