/**
 * A TCP proxy that does to a connection what networks do: slow it down, cut it, reset it, swallow it, damage it. It knows
 * no protocol, so it stands before Redis as well as before S3; faults about single HTTP requests are in http-fault-proxy.
 *
 * Faults may change at any time and then hold for what passes from now on, on open connections too. Byte positions count
 * the answers (target → client) of each connection from its start.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TcpFaults {
  /** Added to everything that passes, in each direction. */
  delayMs?: number;
  /** In each direction of each connection. */
  bytesPerSecond?: number;
  /** Answers end here in an orderly way, as when a server closes. */
  cutAfterBytes?: number;
  /** Answers end here with a reset. (A Node client that reads the last bytes and the reset in one turn sees an end.) */
  resetAfterBytes?: number;
  /** Nothing of the answers passes after this; the connection stays open. */
  stallAfterBytes?: number;
  /** The bits of this byte of the answers are inverted. */
  flipByteAt?: number;
  /** What comes is thrown away while both ends stay open, like a lost NAT flow; new connections open and hear nothing. */
  blackHole?: boolean;
  /** New connections are reset at once. */
  refuse?: boolean;
}

export interface ProxyTarget {
  host: string;
  port: number;
}

export interface FaultProxy extends ProxyTarget {
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Connections open now. */
  readonly open: number;
  /** Replaces all faults. */
  setFaults(faults: TcpFaults): void;
  /** No faults from now on. What a black hole has swallowed stays lost. */
  heal(): void;
  /** Resets every open connection. */
  resetAll(): void;
  close(): Promise<void>;
}

export async function createFaultProxy(target: ProxyTarget, faults: TcpFaults = {}): Promise<FaultProxy> {
  let current = faults;
  let accepted = 0;
  const closing = new AbortController();
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // The other half learns by the close that follows.
    socket.on('error', () => undefined);
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted++;
    track(client);
    if (current.refuse === true) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ ...target, allowHalfOpen: true });
    track(upstream);
    const shared = { faults: () => current, signal: closing.signal };
    void relay({ ...shared, from: client, to: upstream, answers: false });
    void relay({ ...shared, from: upstream, to: client, answers: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    get open() {
      return [...sockets].filter((socket) => socket.localPort === (server.address() as AddressInfo).port).length;
    },
    setFaults: (next) => void (current = next),
    heal: () => void (current = {}),
    resetAll: () => sockets.forEach((socket) => void socket.resetAndDestroy()),
    async close() {
      closing.abort();
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Relay {
  from: Socket;
  to: Socket;
  answers: boolean;
  faults: () => TcpFaults;
  signal: AbortSignal;
}

/** Moves one direction until it ends; errors of the sockets end it too and show at the other end as a close. */
async function relay(relay: Relay): Promise<void> {
  const { from, to, answers, faults, signal } = relay;
  let passed = 0;
  try {
    // One direction may end before the other, so its end must not destroy the socket.
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      const { delayMs = 0, bytesPerSecond = Infinity, blackHole } = faults();
      const waitMs = delayMs + (chunk.length / bytesPerSecond) * 1000;
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
      if (blackHole === true) continue;
      const damaged = answers ? damage(chunk, passed, faults()) : chunk;
      passed += chunk.length;
      if (damaged.length > 0) await written(to, damaged);
      if (answers && endHere(to, passed, faults())) return;
    }
    if (faults().blackHole !== true) to.end();
  } catch {
    to.destroy();
  }
}

/** @param from position of the chunk's first byte */
function damage(chunk: Buffer, from: number, faults: TcpFaults): Buffer {
  const { cutAfterBytes = Infinity, resetAfterBytes = Infinity, stallAfterBytes = Infinity, flipByteAt = -1 } = faults;
  const limit = Math.min(cutAfterBytes, resetAfterBytes, stallAfterBytes);
  const kept = Buffer.from(chunk.subarray(0, Math.max(0, Math.min(chunk.length, limit - from))));
  const at = flipByteAt - from;
  if (at >= 0 && at < kept.length) kept.writeUInt8(kept.readUInt8(at) ^ 0xff, at);
  return kept;
}

function endHere(to: Socket, passed: number, { cutAfterBytes, resetAfterBytes }: TcpFaults): boolean {
  if (resetAfterBytes !== undefined && passed >= resetAfterBytes) to.resetAndDestroy();
  else if (cutAfterBytes !== undefined && passed >= cutAfterBytes) to.end();
  else return false;
  return true;
}

/** Resolves once the bytes left the process, so a cut or a reset that follows comes after them. */
function written(to: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) =>
    to.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    }),
  );
}
