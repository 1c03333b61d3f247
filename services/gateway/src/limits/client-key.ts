/** Whom a request counts for when limits are applied. */
import type { Request } from 'express';
import ipaddr from 'ipaddr.js';
import { contextOf } from '../http/request-context.js';

/** The tenant everybody shares when no keys are in force; see http/authenticate.ts. */
const OPEN_KEY_ID = 'local';

/** The API key, or the client's address while the gateway is open. Ids of keys and addresses never look alike. */
export function principalKey(request: Request): string {
  const keyId = contextOf(request).principal?.keyId;
  return keyId === undefined || keyId === OPEN_KEY_ID ? addressKey(request) : `key:${keyId}`;
}

/** The client's address as Express tells it (`trust proxy` decides whom to believe). */
export function addressKey(request: Request): string {
  return `address:${networkOf(request.ip ?? 'unknown')}`;
}

/** One customer of a network: an IPv4 address, or the /64 in which an IPv6 client picks its address as it likes. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
