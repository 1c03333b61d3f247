/**
 * Which ports the local processes listen on. A port is free when this process can bind it, so another program's listener
 * is never mistaken for ours. Between the look and the child's own bind somebody else may take it: the child then exits
 * and is started again, or (Redis at its first start) gets the next port.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { CliError } from '../cli-error.js';

/** Below every system's range of outgoing ports, so a restart finds it still free. */
const FIRST_REDIS_PORT = 16_379;
const REDIS_PORTS = 8000;
const HIGHEST_PORT = 65_535;
const SEARCH_LENGTH = 200;

export function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(new CliError(`cannot listen on ${host}: ${error.message}`));
    });
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * Where to look first: always the same for one data folder, and another for another folder, so that a system that starts
 * while the Redis of its neighbour is down does not move in there and receive the neighbour's services.
 */
export function preferredRedisPort(dataDir: string): number {
  const hash = createHash('sha256').update(dataDir).digest();
  return FIRST_REDIS_PORT + (hash.readUInt32BE() % REDIS_PORTS);
}

export interface PortSearch {
  host: string;
  /** Ports already given to another process of this start; the found one is added. */
  taken: Set<number>;
}

/** The first free port from `from` on. @throws CliError when the next 200 are all taken */
export async function claimFreePort(from: number, { host, taken }: PortSearch): Promise<number> {
  const last = Math.min(HIGHEST_PORT, from + SEARCH_LENGTH - 1);
  for (let port = from; port <= last; port++) {
    if (taken.has(port) || !(await isPortFree(port, host))) continue;
    taken.add(port);
    return port;
  }
  throw new CliError(`no free port on ${host} between ${from} and ${last}`);
}

/** Exactly this port. @throws CliError naming the variable to change when it is taken */
export async function claimPort(port: number, variable: string, { host, taken }: PortSearch): Promise<number> {
  if (taken.has(port) || !(await isPortFree(port, host))) {
    throw new CliError(`port ${port} on ${host} is taken: stop what uses it, or choose another with ${variable}`);
  }
  taken.add(port);
  return port;
}
