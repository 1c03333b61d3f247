/**
 * WebSocket handshakes as ordinary requests: they pass the same application (limits, authentication, problem documents), and
 * the route that wants the connection takes it. Whatever no route takes is answered over HTTP and closed.
 */
import { ServerResponse, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';

export interface Upgrade {
  socket: Socket;
  /** What came behind the headers already. */
  head: Buffer;
}

const waiting = new WeakMap<IncomingMessage, Upgrade>();

export function passUpgrades(server: Server, listener: RequestListener): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    waiting.set(request, { socket, head });
    listener(request, response);
  });
}

export function wantsUpgrade(request: IncomingMessage): boolean {
  return waiting.has(request);
}

/** Hands the connection over: from here on `response` is over, with status 101. */
export function takeUpgrade(request: IncomingMessage, response: ServerResponse): Upgrade | undefined {
  const upgrade = waiting.get(request);
  if (!upgrade) return undefined;
  waiting.delete(request);
  response.statusCode = 101;
  response.detachSocket(upgrade.socket);
  response.emit('close');
  return upgrade;
}
