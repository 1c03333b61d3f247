/**
 * An HTTP proxy that breaks chosen requests: answers with a status of its own, loses the answer, cuts, stalls, slows or
 * damages the body. The request itself is passed on unchanged, host header included, so signed requests stay valid.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyTarget } from './fault-proxy.js';

export interface HttpFault {
  /** Answered by the proxy; the target hears nothing. */
  status?: number;
  /** Body that goes with `status`. */
  body?: string;
  /** Never answered, never passed on. */
  hang?: boolean;
  /** The connection is reset instead of passing the request on. */
  reset?: boolean;
  /** The target does its work, then the connection is reset instead of an answer. */
  loseAnswer?: boolean;
  /** Before the answer. */
  delayMs?: number;
  /** Of the body: it breaks off here, short of its declared length. */
  truncateAfterBytes?: number;
  /** The body is this short and declared so: a well-formed wrong answer. */
  shortenToBytes?: number;
  /** Nothing of the body passes after this; the connection stays open. */
  stallAfterBytes?: number;
  bytesPerSecond?: number;
  /** The bits of this byte of the body are inverted. */
  flipByteAt?: number;
}

export interface SeenRequest {
  method: string;
  url: string;
  /** 0 for the first request since the rule was set. */
  index: number;
}

/** The fault for one request; undefined passes it on whole. */
export type FaultRule = (request: SeenRequest) => HttpFault | undefined;

/** Only the requests from `begin` up to `end` (exclusive), counted from when the rule was set. */
export const requests =
  (begin: number, end: number, fault: HttpFault): FaultRule =>
  ({ index }) =>
    index >= begin && index < end ? fault : undefined;

export interface HttpFaultProxy extends ProxyTarget {
  /** Everything that came in since the rule was set. */
  readonly seen: readonly SeenRequest[];
  /** Requests being handled now. */
  readonly pending: number;
  setRule(rule: FaultRule | undefined): void;
  close(): Promise<void>;
}

export async function createHttpFaultProxy(target: ProxyTarget): Promise<HttpFaultProxy> {
  let rule: FaultRule | undefined;
  let seen: SeenRequest[] = [];
  let pending = 0;
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const each = { method: request.method ?? '', url: request.url ?? '', index: seen.length };
    seen.push(each);
    pending++;
    response.once('close', () => pending--);
    // A broken connection is what the client under test is meant to see; here it only ends the handling.
    handle({ target, agent, request, response, fault: rule?.(each) ?? {} }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get seen() {
      return seen;
    },
    get pending() {
      return pending;
    },
    setRule(next) {
      rule = next;
      seen = [];
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  target: ProxyTarget;
  agent: http.Agent;
  request: http.IncomingMessage;
  response: http.ServerResponse;
  fault: HttpFault;
}

async function handle({ target, agent, request, response, fault }: Exchange): Promise<void> {
  if (fault.hang === true) {
    request.resume();
    return;
  }
  if (fault.reset === true) {
    request.socket.resetAndDestroy();
    return;
  }
  if (fault.status !== undefined) {
    await finished(request.resume());
    response.writeHead(fault.status).end(fault.body);
    return;
  }
  const answer = await passOn({ target, agent, request, response });
  if (fault.delayMs !== undefined) await sleep(fault.delayMs);
  if (fault.loseAnswer === true) {
    await finished(answer.resume());
    request.socket.resetAndDestroy();
    return;
  }
  await sendBody(answer, response, fault);
}

function passOn({ target, agent, request, response }: Omit<Exchange, 'fault'>): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url: path, headers } = request;
    const upstream = http.request({ ...target, agent, method, path, headers }, resolve);
    upstream.on('error', reject);
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
    request.pipe(upstream);
  });
}

async function sendBody(answer: http.IncomingMessage, response: http.ServerResponse, fault: HttpFault): Promise<void> {
  const { shortenToBytes, truncateAfterBytes, stallAfterBytes, flipByteAt = -1, bytesPerSecond = Infinity } = fault;
  const limit = Math.min(shortenToBytes ?? Infinity, truncateAfterBytes ?? Infinity, stallAfterBytes ?? Infinity);
  const { 'content-length': declared, ...headers } = answer.headers;
  const length = declared === undefined ? undefined : String(Math.min(Number(declared), shortenToBytes ?? Infinity));
  response.writeHead(answer.statusCode ?? 502, {
    ...headers,
    ...(length !== undefined && { 'content-length': length }),
  });
  response.flushHeaders();
  let passed = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (bytesPerSecond < Infinity) await sleep((chunk.length / bytesPerSecond) * 1000);
    const kept = Buffer.from(chunk.subarray(0, Math.max(0, limit - passed)));
    const at = flipByteAt - passed;
    if (at >= 0 && at < kept.length) kept.writeUInt8(kept.readUInt8(at) ^ 0xff, at);
    passed += kept.length;
    if (kept.length > 0) await written(response, kept);
    if (passed >= limit) break;
  }
  if (stallAfterBytes !== undefined && passed >= stallAfterBytes) return;
  if (truncateAfterBytes !== undefined && passed >= truncateAfterBytes) response.destroy();
  else response.end();
}

/** Resolves once the bytes left the process, so a cut that follows comes after them. */
function written(response: http.ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) =>
    response.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    }),
  );
}
