/**
 * Addresses that must never be fetched, each spelled to reach a listener on this machine or a network that is not public.
 * All carry the port of a canary, and tests allow that port, so nothing here is refused merely for its port.
 */

const radices = [(n: number) => String(n), (n: number) => `0x${n.toString(16)}`, (n: number) => `0${n.toString(8)}`];

/** An IPv4 address in one to four parts, each part decimal, hexadecimal or octal: 3 + 9 + 27 + 81 spellings. */
export function numericSpellings(address: string): string[] {
  const octets = address.split('.').map(Number);
  const spell = (parts: number[]): string[] =>
    parts.reduce<string[]>(
      (heads, part) => heads.flatMap((head) => radices.map((write) => `${head}${head && '.'}${write(part)}`)),
      [''],
    );
  return [0, 1, 2, 3].flatMap((whole) => {
    const rest = octets.slice(whole).reduce((sum, octet) => sum * 256 + octet, 0);
    return spell([...octets.slice(0, whole), rest]);
  });
}

/** Ways to write 127.0.0.1 as the host of a URL; the WHATWG parser makes the same address of every one. */
export const loopbackSpellings: readonly string[] = [
  ...numericSpellings('127.0.0.1'),
  ...['127.0.0.1.', '0x7F000001', '0X7f.1', '0177.0.0.01', '00000177.0000.0000.00001', '127.0.00.1', '127.000.000.001'],
  ...['0x0000000000000000007f.1', '%31%32%37.0.0.1', '127%2e0%2e0%2e1', '%31%32%37%2E%30%2E%30%2E%31'],
  ...['①②⑦.⓪.⓪.①', '１２７.０.０.１', '127。0。0。1', '127．0．0．1', '127｡0｡0｡1', '𝟏𝟐𝟕.𝟎.𝟎.𝟏', '¹²⁷.⁰.⁰.¹', '0x7f。1'],
  ...['1\u200b27.0.0.1', '127.0.0.\u00ad1', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::FFFF:7F00:0001]'],
  ...['[0:0:0:0:0:ffff:127.0.0.1]', '[0000:0000:0000:0000:0000:ffff:7f00:0001]', '[0::ffff:127.0.0.1]'],
];

/** Literal IPv4 addresses outside public unicast, at the edges of their ranges. */
export const privateIPv4: readonly string[] = [
  ...['0.0.0.0', '0.0.0.1', '0.255.255.255', '10.0.0.0', '10.0.0.1', '10.96.0.1', '10.255.255.255'],
  ...['100.64.0.0', '100.64.0.1', '100.100.100.200', '100.127.255.255', '127.0.0.0', '127.0.0.2', '127.255.255.255'],
  ...['169.254.0.1', '169.254.169.254', '169.254.170.2', '169.254.169.253', '169.254.0.23', '169.254.255.255'],
  ...['172.16.0.0', '172.16.0.1', '172.17.0.1', '172.31.255.255', '192.168.0.0', '192.168.1.1', '192.168.255.255'],
  ...['192.0.0.1', '192.0.0.170', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.31.196.1', '192.52.193.1'],
  ...['192.175.48.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.250'],
  ...['240.0.0.1', '254.1.2.3', '255.255.255.254', '255.255.255.255', '168.63.129.16'],
];

/** Literal IPv6 addresses outside public unicast, and IPv4 in its wrappings. */
export const privateIPv6: readonly string[] = [
  ...['::', '::1', '0:0:0:0:0:0:0:1', '::2', '::127.0.0.1', '::7f00:1', '::8.8.8.8', '::ffff:10.0.0.1'],
  ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::ffff:192.168.0.1', '::ffff:0.0.0.0', '::ffff:8.8.8.8'],
  ...['::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe'],
  ...['64:ff9b:1::1', '64:ff9b:1::127.0.0.1', '100::1', '100:0:0:1::1', '2001::1', '2001:0:7f00:1::', '2001:2::1'],
  ...['2001:10::1', '2001:20::1', '2001:30::1', '2001:db8::1', '2001:db8:ffff::1', '2002:7f00:1::', '2002:7f00:1::1'],
  ...['2002:a00:1::', '2002:a9fe:a9fe::', '2002:c0a8:101::1', '2002:808:808::1', '2620:4f:8000::1', '3fff::1'],
  ...['5f00::1', 'fc00::', 'fc00::1', 'fd00::1', 'fd00:ec2::254', 'fd12:3456:789a::1', 'fdff:ffff::1', 'fe80::1'],
  ...['fe80::a9fe:a9fe', 'febf::1', 'fec0::1', 'feff::1', 'ff00::1', 'ff02::1', 'ff02::fb', 'ff0e::1', 'ffff::1'],
  ...['4000::1', '8000::1', 'e000::1', '0:0:0:1::', '1::', '1fff::1'],
];

/** Names that mean something only nearby. */
export const localNames: readonly string[] = [
  ...[
    'localhost',
    'LOCALHOST',
    'LocalHost',
    'localhost.',
    'ｌｏｃａｌｈｏｓｔ',
    'loc%61lhost',
    'ⓛocalhost',
    'lo\u00adcalhost',
  ],
  ...['x.localhost', 'a.b.localhost', 'a.localhost.', 'localhost.localdomain.local', 'printer.local', 'nas.LOCAL'],
  ...[
    'metadata',
    'metadata.google.internal',
    'METADATA.GOOGLE.INTERNAL',
    'metadata.google.internal.',
    'redis',
    'minio',
  ],
  ...['gateway', 'kubernetes', 'kubernetes.default.svc.cluster.local', 'instance-data.ec2.internal', 'wiki.intranet'],
  ...[
    'router.home.arpa',
    'ip6-localhost',
    'ip6-loopback',
    'broadcasthost',
    'host.docker.internal',
    'x.onion',
    'a..b.c',
  ],
];

/** Whole URLs whose form is refused, whatever they lead to. */
export function refusedForms(port: number): string[] {
  const schemes = [
    'http',
    'ftp',
    'file',
    'gopher',
    'ws',
    'wss',
    'dict',
    'ldap',
    'tftp',
    'sftp',
    'jar',
    'netdoc',
    'redis',
  ];
  const users = [
    'user',
    'user:password',
    ':password',
    'a%40b',
    '127.0.0.1',
    'clips.example',
    'x:y:z',
    '%00',
    'a%0d%0a',
  ];
  const ports = [
    0, 1, 21, 22, 25, 53, 80, 111, 444, 2375, 3306, 5432, 6379, 6443, 8080, 8443, 9000, 9200, 10250, 11211,
  ];
  return [
    ...schemes.map((scheme) => `${scheme}://127.0.0.1:${port}/`),
    ...schemes.slice(0, 4).map((scheme) => `${scheme}://clips.example:${port}/`),
    ...users.map((user) => `https://${user}@127.0.0.1:${port}/`),
    ...users.slice(0, 4).map((user) => `https://${user}@clips.example:${port}/`),
    ...ports.map((other) => `https://93.184.216.34:${other}/`),
    ...[
      '',
      ' ',
      '/',
      '//',
      'https:',
      'https://',
      'https:///',
      `//127.0.0.1:${port}/`,
      `127.0.0.1:${port}`,
      '/etc/passwd',
    ],
    ...[
      'https://:443/',
      'https://[::1',
      'https://::1/',
      'https://[fe80::1%25eth0]/',
      'https://256.0.0.1/',
      'https://1.2.3.4.5/',
    ],
    ...[
      'https://127.0.0.1:65536/',
      'https://a b.example/',
      'https://clips.example:x/',
      'https://exa<mple.com/',
      'https://[1::2::3]/',
    ],
    ...[
      'https://clips.example\u0000.com/',
      'https://xn--a/',
      'https://0x100000000/',
      'https://foo.0x7f/',
      'https://127.0.0.1.1/',
    ],
    ...[
      'data:audio/wav;base64,UklGRg==',
      'javascript:fetch("//x")',
      'blob:https://x.example/1',
      'about:blank',
      'mailto:a@b.c',
    ],
    `https:\\\\127.0.0.1:${port}\\`,
    `https:127.0.0.1:${port}`,
    `https:/127.0.0.1:${port}/`,
    `https://127.0.0.1:${port}\\@clips.example/`,
    `https://127.0.0.1:${port}#@clips.example/`,
    `https://127.0.0.1:${port}?@clips.example/`,
    `https://clips.example@127.0.0.1:${port}/`,
    `https://clips.example:443@127.0.0.1:${port}/`,
    `https://1\t27.0.0.1:${port}/`,
    `ht\ntps://127.0.0.1:${port}/`,
    `  https://127.0.0.1:${port}/  `,
    `https://127.0.0.1:${port}/${'a'.repeat(2100)}`,
  ];
}

/** Answers of a resolver that must stop the fetch: each holds at least one address that is not public. */
export const poisonedAnswers: readonly (readonly string[])[] = [
  ...privateIPv4.map((address) => [address]),
  ...privateIPv6.filter((address) => address !== '::ffff:8.8.8.8').map((address) => [address]),
  ...['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '::ffff:127.0.0.1', '64:ff9b::10.0.0.1'].flatMap((hidden) => [
    ['93.184.216.34', hidden],
    [hidden, '93.184.216.34'],
    ['93.184.216.34', '2606:4700::1111', hidden, '1.1.1.1'],
  ]),
  ['fe80::1%eth0'],
  ['not an address'],
  [''],
  ['127.1'],
  ['2130706433'],
];

/** The URLs that are refused by reading them. */
export function literalCorpus(port: number): string[] {
  const numeric = [...loopbackSpellings, ...numericSpellings('169.254.169.254'), ...privateIPv4];
  const hosts = [...numeric, ...privateIPv6.map((address) => `[${address}]`), ...localNames];
  return [...hosts.map((host) => `https://${host}:${port}/clip.wav`), ...refusedForms(port)];
}
