import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { claimFreePort, claimPort, isPortFree, preferredRedisPort } from './ports.js';

const host = '127.0.0.1';
const open: Server[] = [];

async function occupy(): Promise<number> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

describe('ports', () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  it('calls a port with a listener taken and the same port free after it closes', async () => {
    const port = await occupy();
    expect(await isPortFree(port, host)).toBe(false);
    await new Promise((resolve) => open.pop()!.close(resolve));
    expect(await isPortFree(port, host)).toBe(true);
  });

  it('skips a listener and ports given out before', async () => {
    const port = await occupy();
    const taken = new Set([port + 1]);
    const found = await claimFreePort(port, { host, taken });
    expect(found).toBeGreaterThan(port + 1);
    expect(taken).toContain(found);
    expect(await claimFreePort(port, { host, taken })).toBeGreaterThan(found);
  });

  it('refuses a taken port by naming the variable that moves it', async () => {
    const port = await occupy();
    await expect(claimPort(port, 'PORT or --port', { host, taken: new Set() })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is taken: stop what uses it, or choose another with PORT or --port`,
    );
  });

  it('looks for the Redis of 100 data folders at more than 95 different ports, each time the same', () => {
    const folders = Array.from({ length: 100 }, (_, index) => `/srv/timbre/${index}`);
    const ports = folders.map(preferredRedisPort);
    expect(new Set(ports).size).toBeGreaterThan(95);
    expect(folders.map(preferredRedisPort)).toEqual(ports);
    for (const port of ports) expect(port).toSatisfy((value: number) => value > 6379 && value < 32_768);
  });

  it('says so when the address is not one of this machine', async () => {
    await expect(isPortFree(8080, '192.0.2.1')).rejects.toThrow(/^cannot listen on 192\.0\.2\.1/);
  });
});
