/**
 * A lease that one process at a time holds: for loops of which one is enough. Whoever died is succeeded when its lease has run
 * out; nobody is asked to let go (`exclusive-locks` are for that).
 */
import { randomUUID } from 'node:crypto';
import { withRedisDeadline, type Redis } from './redis-connection.js';

/** KEYS: lease. ARGV: owner, milliseconds. */
const takeLua = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;
const dropLua = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

export interface Lease {
  /** Takes or renews it; `false` while another process has it. */
  take(): Promise<boolean>;
  release(): Promise<void>;
}

export function createLease(redis: Redis, key: string, ms: number): Lease {
  const me = randomUUID();
  return {
    take: async () => (await withRedisDeadline(redis.eval(takeLua, 1, key, me, ms))) === 1,
    async release() {
      await withRedisDeadline(redis.eval(dropLua, 1, key, me));
    },
  };
}
