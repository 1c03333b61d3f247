/**
 * What can be said about an address by reading it: no name is resolved and nothing is connected. It is checked when a clip is
 * submitted, so a mistake is answered at once, and again before it is fetched.
 *
 * The WHATWG parser comes first, and it is the same one that the connection is made from. `0x7f.1`, `2130706433`, full-width
 * digits and `%31%32%37.1` are all `127.0.0.1` after it, so there is one spelling to judge.
 */
import { isIP } from 'node:net';
import { AppError } from '../errors.js';
import { forbiddenAddress, isGlobalUnicast } from './address-guard.js';

export interface UrlRules {
  /** Also http, private addresses and local names, and any port unless `allowedPorts` is given. */
  allowPrivate: boolean;
  /** Default: 443. */
  allowedPorts?: readonly number[] | undefined;
}

export const MAX_URL_LENGTH = 2048;

/** Names that only mean something inside a machine, a home or a company (RFC 6761, RFC 6762, RFC 8375, ICANN on `.internal`). */
const LOCAL_SUFFIXES = ['localhost', 'local', 'internal', 'intranet', 'home.arpa', 'onion'];

/** The parsed address, without its fragment. @throws AppError `url_forbidden`, with `details.reason` */
export function checkUrl(address: string | URL, { allowPrivate, allowedPorts }: UrlRules): URL {
  const url = parse(address);
  const isHttps = url.protocol === 'https:';
  if (!isHttps && !(allowPrivate && url.protocol === 'http:')) throw forbidden('scheme', 'only https is fetched');
  if (url.username !== '' || url.password !== '')
    throw forbidden('credentials', 'a user name or password in the address is not allowed');
  const ports = allowedPorts ?? (allowPrivate ? undefined : [443]);
  if (ports && !ports.includes(portOf(url)))
    throw forbidden('port', `only port ${ports.join(', ')} is fetched from`, { allowed: ports });
  if (!allowPrivate) requirePublicHost(url);
  url.hash = '';
  return url;
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The host as sockets take it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function parse(address: string | URL): URL {
  const text = typeof address === 'string' ? address : address.href;
  if (text.length > MAX_URL_LENGTH) throw forbidden('invalid', 'the address is too long', { limit: MAX_URL_LENGTH });
  // The parser's own error repeats the text, which must not reach a log.
  if (!URL.canParse(text)) throw forbidden('invalid', 'this is not an address');
  return new URL(text);
}

function requirePublicHost(url: URL): void {
  const host = hostOf(url);
  if (isIP(host) !== 0) {
    if (!isGlobalUnicast(host)) throw forbiddenAddress();
    return;
  }
  const labels = host.replace(/\.$/, '').split('.');
  if (labels.length < 2 || labels.includes('')) throw forbidden('host', 'the host name is not a public one');
  const name = labels.join('.');
  if (LOCAL_SUFFIXES.some((suffix) => name === suffix || name.endsWith(`.${suffix}`)))
    throw forbidden('host', 'the host name is not a public one');
}

function forbidden(reason: string, detail: string, facts: Record<string, unknown> = {}): AppError {
  return new AppError('url_forbidden', { detail, details: { reason, ...facts } });
}
