import type { IncomingMessage } from 'node:http';
import { ClientAddresses, isProxyList } from './client-addresses.ts';

const request = (remoteAddress: string | undefined, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as IncomingMessage;

test.each([
  ['no proxy is trusted', '', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
  ['the proxy is trusted', '10.0.0.0/8', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  [
    'the client names another address itself',
    '10.0.0.0/8',
    '10.1.2.3',
    '1.1.1.1, 198.51.100.1',
    '198.51.100.1',
  ],
  [
    'two proxies are trusted',
    '10.0.0.0/8,192.0.2.1',
    '10.1.2.3',
    '1.1.1.1, 198.51.100.1, 192.0.2.1',
    '198.51.100.1',
  ],
  ['a stranger claims to be a proxy', '10.0.0.0/8', '203.0.113.7', '10.1.2.3', '203.0.113.7'],
  ['the proxy connects over IPv4 in IPv6', '10.0.0.0/8', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['names of ranges are listed', 'loopback, uniquelocal', '::1', '198.51.100.1, 172.16.0.9', '198.51.100.1'],
  ['the proxy wrote no address', 'loopback', '127.0.0.1', 'unknown', '127.0.0.1'],
  ['there is no header', 'loopback', '127.0.0.1', undefined, '127.0.0.1'],
  ['the client has IPv6', 'loopback', '127.0.0.1', '2001:db8::7', '2001:db8::7'],
  ['the socket is gone', 'loopback', undefined, '198.51.100.1', 'unknown'],
])('the address of a client where %s', (_where, trusted, remote, forwarded, expected) => {
  const addresses = new ClientAddresses(trusted);
  expect(addresses.addressOf(request(remote, forwarded))).toBe(expected);
  expect(addresses.addressOf({ raw: request(remote, forwarded) })).toBe(expected);
});

test.each([
  ['198.51.100.1', '198.51.100.1'],
  ['2001:db8:0:1::7', '2001:db8:0:1::/64'],
  ['2001:0DB8:0000:0001:ffff:0:0:1', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('limits count %s as %s', (remote, network) => {
  expect(new ClientAddresses().networkOf(request(remote))).toBe(network);
});

test.each([
  ['', true],
  ['127.0.0.1, ::1, 10.0.0.0/8, fd00::/8, loopback', true],
  ['proxy.example', false],
  ['10.0.0.0/33', false],
  ['10.0.0.0/8;127.0.0.1', false],
])('"%s" is a list of proxies: %s', (list, expected) => {
  expect(isProxyList(list)).toBe(expected);
});
