import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFaultProxy, type FaultProxy, type TcpFaults } from './fault-proxy.js';

let echo: Server;
let proxy: FaultProxy;
let clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await createFaultProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
});
afterEach(async () => {
  clients.forEach((client) => client.destroy());
  clients = [];
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

function dial() {
  const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true });
  clients.push(socket);
  return socket;
}

/** What comes back for `text`, and how the connection ended. */
async function exchange(text: string, faults: TcpFaults = {}): Promise<{ got: string; error: string | undefined }> {
  proxy.setFaults(faults);
  const socket = dial();
  const got: Buffer[] = [];
  let error: string | undefined;
  socket.on('data', (chunk: Buffer) => got.push(chunk)).on('error', (e: NodeJS.ErrnoException) => (error = e.code));
  socket.on('end', () => socket.destroy());
  socket.end(text);
  await once(socket, 'close').catch(() => undefined);
  return { got: Buffer.concat(got).toString('latin1'), error };
}

describe('TCP fault proxy', () => {
  const long = 'x'.repeat(3_000_000);

  it('passes everything on in both directions when it has no fault', async () => {
    expect(await exchange(long)).toEqual({ got: long, error: undefined });
    expect(proxy.accepted).toBe(1);
  });

  it('ends answers after a number of bytes, in order or with a reset', async () => {
    expect(await exchange('0123456789', { cutAfterBytes: 4 })).toEqual({ got: '0123', error: undefined });
    expect(await exchange('0123456789', { resetAfterBytes: 4 })).toMatchObject({ got: '0123' });
    expect(await exchange('0123456789', { refuse: true })).toEqual({ got: '', error: 'ECONNRESET' });
  });

  it('inverts one byte', async () => {
    expect((await exchange('0123456789', { flipByteAt: 3 })).got).toBe(`012${String.fromCharCode(0x33 ^ 0xff)}456789`);
  });

  it('takes at least the delay each way, and the time of its rate', async () => {
    const startedAt = performance.now();
    expect((await exchange('0123456789', { delayMs: 40 })).got).toBe('0123456789');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(78);
    const before = performance.now();
    expect((await exchange('x'.repeat(1_000), { bytesPerSecond: 10_000 })).got).toHaveLength(1_000);
    expect(performance.now() - before).toBeGreaterThanOrEqual(190);
  });

  it('swallows what comes while it is a black hole, and carries the same connection again once healed', async () => {
    const socket = dial();
    const got: string[] = [];
    socket.on('data', (chunk: Buffer) => got.push(chunk.toString()));
    socket.write('before ');
    await once(socket, 'data');
    proxy.setFaults({ blackHole: true });
    await new Promise<void>((resolve) => socket.write('lost ', () => resolve()));
    // A second connection proves that the first chunk was handled: it goes the same way, later.
    const second = dial();
    second.write('lost too');
    await once(second, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.heal();
    socket.write('after');
    await once(socket, 'data');
    expect(got.join('')).toBe('before after');
    expect(proxy.open).toBe(2);
  });

  it('lets nothing through after a stall while the connection stays open, and resets all when told to', async () => {
    proxy.setFaults({ stallAfterBytes: 4 });
    const socket = dial();
    const errors: unknown[] = [];
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
    socket.write('0123456789');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('0123');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    proxy.resetAll();
    await closed;
    expect(errors).toEqual(['ECONNRESET']);
  });
});
