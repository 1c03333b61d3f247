/**
 * Which addresses on the network somebody else may send us to.
 *
 * A name can lead anywhere, so judging the name is not enough: the address is judged after it was resolved, all answers
 * together, and once more on the connected socket (guarded-connection.ts). Literals in a URL never reach a resolver and are
 * judged by url-rules.ts with the stricter of the two rules here.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { AppError, isAppError } from '../errors.js';

export interface ResolvedAddress {
  address: string;
  family: number;
}
/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

export const resolveWithSystem: Resolve = (hostname) => systemLookup(hostname, { all: true, order: 'verbatim' });

/** Public by number, yet it answers for the machine itself: the virtual address of Azure's host agent. */
const HOST_SERVICES: [ipaddr.IPv4, number][] = [[ipaddr.IPv4.parse('168.63.129.16'), 32]];
/** Everything the IANA has handed out for the public IPv6 network lies in here; `unicast` alone lets `::7f00:1` pass. */
const GLOBAL_IPV6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

/** Whether a literal address is ordinary public unicast; an IPv4 address wrapped in IPv6, however public, is not. */
export function isGlobalUnicast(address: string): boolean {
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv4) return !HOST_SERVICES.some((host) => parsed.match(host));
  return parsed.match(GLOBAL_IPV6);
}

/**
 * Whether an address that a resolver or a socket gave may be talked to. Unlike a literal it may be an IPv4 address in one of
 * two wrappings that networks use in earnest, and then that address counts: IPv4-mapped (`::ffff:0:0/96`) and the well-known
 * NAT64 prefix (`64:ff9b::/96`, RFC 6052), without which a network that has only IPv6 could fetch from no IPv4 host.
 */
export function isPublicAddress(address: string): boolean {
  return isGlobalUnicast(unwrapIPv4(address) ?? address);
}

function unwrapIPv4(address: string): string | undefined {
  // The parser takes `::a.b.c.d`, a form long withdrawn, for the mapped one; it stays what it is: not global.
  if (isIP(address) !== 6 || /^::\d+\./.test(address)) return undefined;
  const { parts } = ipaddr.IPv6.parse(address);
  const prefix = parts
    .slice(0, 6)
    .map((part) => part.toString(16))
    .join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined;
  const [high = 0, low = 0] = parts.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/**
 * A `lookup` for sockets that fails unless every address of the name is accepted, so no order of tries and no second answer
 * can lead past it: the socket connects to what was judged here and nothing is resolved again.
 * Errors: `url_forbidden`, and `url_unreachable` when the resolver fails or knows no address.
 */
export function guardedLookup(resolve: Resolve, accepts: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveAccepted(hostname, resolve, accepts).then(
      ([first, ...rest]) => {
        if (options.all) callback(null, [first, ...rest]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(asError(error), ''),
    );
  };
}

async function resolveAccepted(
  hostname: string,
  resolve: Resolve,
  accepts: (address: string) => boolean,
): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
  let addresses: ResolvedAddress[];
  try {
    addresses = await resolve(hostname);
  } catch (cause) {
    throw isAppError(cause) ? cause : unresolved(cause);
  }
  const [first, ...rest] = addresses;
  if (first === undefined) throw unresolved();
  if (!addresses.every(({ address }) => accepts(address))) throw forbiddenAddress();
  return [first, ...rest];
}

/** Says nothing about the address: who asked may only learn that it is not a public one. */
export function forbiddenAddress(): AppError {
  return new AppError('url_forbidden', {
    detail: 'the host is not at a public address',
    details: { reason: 'address' },
  });
}

function unresolved(cause?: unknown): AppError {
  return new AppError('url_unreachable', {
    detail: 'the host name has no address',
    details: { reason: 'resolve' },
    cause,
  });
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('lookup failed', { cause: error });
