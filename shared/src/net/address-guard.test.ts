import { describe, expect, it } from 'vitest';
import { guardedLookup, isGlobalUnicast, isPublicAddress } from './address-guard.js';
import { privateIPv4, privateIPv6 } from './testing/ssrf-corpus.js';

const publicAddresses = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.216.34',
  '172.15.0.1',
  '172.32.0.1',
  '2606:4700::1111',
  '2a00::1',
];

describe('isGlobalUnicast', () => {
  it.each(publicAddresses)('accepts %s', (address) => {
    expect(isGlobalUnicast(address)).toBe(true);
  });

  it('accepts none of the private addresses, wrapped public ones and things that are no address', () => {
    const others = [
      ...privateIPv4,
      ...privateIPv6,
      '',
      'localhost',
      '127.1',
      '0x7f.1',
      '1.1.1.1 ',
      '[::1]',
      '1.1.1.1/8',
    ];
    expect(others.filter(isGlobalUnicast)).toEqual([]);
  });
});

describe('isPublicAddress', () => {
  it('judges the IPv4 address inside the mapped and the NAT64 form', () => {
    const wraps = (v4: string) => [`::ffff:${v4}`, `64:ff9b::${v4}`];
    expect(['8.8.8.8', '1.1.1.1'].flatMap(wraps).every(isPublicAddress)).toBe(true);
    expect(isPublicAddress('::ffff:808:808')).toBe(true);
    expect(privateIPv4.flatMap(wraps).filter(isPublicAddress)).toEqual([]);
  });

  it('accepts no other wrapping: compatible, translated, local NAT64, 6to4, Teredo', () => {
    const wrapped = ['::8.8.8.8', '::ffff:0:8.8.8.8', '64:ff9b:1::8.8.8.8', '2002:808:808::1', '2001:0:808:808::1'];
    expect(wrapped.filter(isPublicAddress)).toEqual([]);
  });
});

describe('guardedLookup', () => {
  it('answers in the form asked for: all addresses, or the first with its family', () => {
    const found = [
      { address: '2606:4700::1111', family: 6 },
      { address: '1.1.1.1', family: 4 },
    ];
    const lookup = guardedLookup(() => Promise.resolve(found), isPublicAddress);
    const ask = (all: boolean) =>
      new Promise((resolve) => lookup('clips.example', { all }, (...answer) => resolve(answer)));
    return Promise.all([
      expect(ask(true)).resolves.toEqual([null, found]),
      expect(ask(false)).resolves.toEqual([null, '2606:4700::1111', 6]),
    ]);
  });
});
