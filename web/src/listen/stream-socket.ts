/** A session of `/v1/stream` as a connection of a take. A key travels as a subprotocol, as browsers can set no headers. */
import type { StreamServerMessage } from '@timbre/shared/contracts/stream';
import type { Connection, ConnectionEvents } from './take.js';

export interface StreamAddress {
  sampleRateHz: number;
  model: string | undefined;
  save: boolean;
  name: string;
}

export function streamUrl(origin: string, { sampleRateHz, model, save, name }: StreamAddress): string {
  const url = new URL('/v1/stream', origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = new URLSearchParams({
    rate: String(sampleRateHz),
    format: 'pcm16',
    save: String(save),
    ...(save ? { name } : {}),
    ...(model === undefined ? {} : { model }),
  }).toString();
  return url.href;
}

export function openStreamSocket(url: string, apiKey: string | undefined, events: ConnectionEvents): Connection {
  const socket = new WebSocket(url, ['timbre', ...(apiKey === undefined ? [] : [`timbre-key.${apiKey}`])]);
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') events.onMessage(JSON.parse(data) as StreamServerMessage);
  };
  socket.onclose = ({ code }) => events.onClose(code);
  return {
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    },
    close: () => socket.close(),
  };
}
