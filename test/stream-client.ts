/** A client of `WS /v1/stream`, as a program would write it: plain `ws`, paced by a clock. */
import { WebSocket } from 'ws';
import { streamServerMessageSchema, type StreamServerMessage } from '@timbre/shared/contracts/stream';

type Kind = StreamServerMessage['type'];
export type MessageOf<K extends Kind> = Extract<StreamServerMessage, { type: K }>;

export interface StreamClient {
  socket: WebSocket;
  messages: (StreamServerMessage & { atMs: number })[];
  /** The next message of a kind, or one that came already. */
  first<K extends Kind>(type: K): Promise<MessageOf<K>>;
  all<K extends Kind>(type: K): MessageOf<K>[];
  send(bytes: Uint8Array): void;
  end(): Promise<MessageOf<'end'>>;
  closed: Promise<{ code: number; reason: string }>;
}

export interface StreamOptions {
  query: Record<string, string | number | boolean>;
  key?: string;
  headers?: Record<string, string>;
  protocols?: string[];
}

export function openStream(base: string, { query, key, headers = {}, protocols = [] }: StreamOptions): StreamClient {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/stream?${parameters.toString()}`, protocols, {
    headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
  });
  const messages: StreamClient['messages'] = [];
  const waiting = new Set<() => void>();
  let over: Error | undefined;
  const wake = () => waiting.forEach((look) => look());
  socket.on('message', (data: Buffer) => {
    messages.push({ ...streamServerMessageSchema.parse(JSON.parse(data.toString('utf8'))), atMs: performance.now() });
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      over = new Error(`closed with ${code} ${reason.toString('utf8')}: ${JSON.stringify(messages.at(-1))}`);
      wake();
      resolve({ code, reason: reason.toString('utf8') });
    });
  });
  socket.on('error', (error) => {
    over = error;
    wake();
  });
  const first = <K extends Kind>(type: K): Promise<MessageOf<K>> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = messages.find((message) => message.type === type);
        if (found) resolve(found as unknown as MessageOf<K>);
        else if (over) reject(over);
        else return void waiting.add(look);
        waiting.delete(look);
      };
      look();
    });
  return {
    socket,
    messages,
    first,
    all: <K extends Kind>(type: K) => messages.filter((message) => message.type === type) as unknown as MessageOf<K>[],
    send: (bytes) => socket.send(bytes),
    end() {
      socket.send('{"type":"end"}');
      return first('end');
    },
    closed,
  };
}

/** Sends bytes at `speed` times real time in pieces of an odd size, so that they split samples. */
export async function play(
  client: StreamClient,
  bytes: Uint8Array,
  { bytesPerSecond, speed }: { bytesPerSecond: number; speed: number },
): Promise<void> {
  await client.first('ready');
  const pieceBytes = Math.round((bytesPerSecond / 50) * speed) | 1;
  const startedAt = performance.now();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const dueMs = (at / bytesPerSecond / speed) * 1000;
    const early = dueMs - (performance.now() - startedAt);
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    client.send(bytes.subarray(at, at + pieceBytes));
  }
}
