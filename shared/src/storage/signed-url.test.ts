import { describe, expect, it } from 'vitest';
import { signUrl, verifyPresigned, type PresignedRequest } from './signed-url.js';

const secret = 'a secret of enough length';
const at = Date.UTC(2026, 10, 22);
const signer = { secret, publicBaseUrl: 'https://timbre.example/', now: () => at };
const put = { expiresInSeconds: 900, contentLength: 1_000, contentType: 'audio/wav' };
const headers = { 'content-length': '1000', 'content-type': 'audio/wav' };
const forbidden = expect.objectContaining({ code: 'forbidden', httpStatus: 403 }) as Error;
const verify = (request: Partial<PresignedRequest> & { url: string }, now = at) =>
  verifyPresigned({ method: 'PUT', headers, ...request }, secret, now);

describe('signed URLs', () => {
  const url = signUrl(signer, 'PUT', 'incoming/t/1', put);

  it('lead to /v1/objects/<key> of the public address and grant what was signed', () => {
    expect(url).toMatch(
      /^https:\/\/timbre\.example\/v1\/objects\/incoming\/t\/1\?expires=\d+&method=PUT&length=1000&type=audio%2Fwav&signature=[0-9a-f]{64}$/,
    );
    const grant = { method: 'PUT', key: 'incoming/t/1', contentLength: 1_000, contentType: 'audio/wav' };
    expect(verify({ url })).toEqual(grant);
    const { pathname, search } = new URL(url);
    expect(verify({ url: pathname + search })).toEqual(grant);
  });

  it('hold until their last second and not after', () => {
    expect(verify({ url }, at + 899_999)).toMatchObject({ key: 'incoming/t/1' });
    expect(() => verify({ url }, at + 900_000)).toThrow(forbidden);
  });

  it('refuse every change of key, expiry, method, length, type or signature', () => {
    const changed = [
      url.replace('incoming/t/1', 'incoming/t/2'),
      url.replace('incoming/t/1', 'incoming/t/../t/1x'),
      url.replace(/expires=\d+/, 'expires=99999999999'),
      url.replace('method=PUT', 'method=GET'),
      url.replace('length=1000', 'length=1001'),
      url.replace('&length=1000', ''),
      url.replace('audio%2Fwav', 'text%2Fhtml'),
      url.replace(/&signature=.*/, ''),
      url.replace(/signature=.*/, 'signature='),
      url.replace(/signature=./, 'signature=x'),
      url.replace('/v1/objects/', '/v1/other/'),
    ];
    for (const each of changed) expect(() => verify({ url: each }), each).toThrow(forbidden);
    expect(() => verifyPresigned({ method: 'PUT', url, headers }, 'another secret of length', at)).toThrow(forbidden);
  });

  it('refuse another method and a body of another or no declared length, or another type', () => {
    expect(() => verify({ url, method: 'GET' })).toThrow(forbidden);
    expect(() => verify({ url, headers: { ...headers, 'content-length': '1001' } })).toThrow(forbidden);
    expect(() => verify({ url, headers: { 'content-type': 'audio/wav' } })).toThrow(forbidden);
    expect(() => verify({ url, headers: { ...headers, 'content-type': 'text/html' } })).toThrow(forbidden);
  });

  it('cannot be made with a type that shifts into another field', () => {
    const tricky = signUrl(signer, 'PUT', 'k', { expiresInSeconds: 900, contentType: 'a"\n"b' });
    const moved = tricky.replace(/type=[^&]*/, 'length=a&type=b');
    expect(() => verify({ url: moved })).toThrow(forbidden);
  });

  it('refuse a secret of fewer than 16 characters', () => {
    expect(() => verifyPresigned({ method: 'GET', url, headers }, 'short', at)).toThrow(
      expect.objectContaining({ code: 'storage_misconfigured' }),
    );
  });
});
