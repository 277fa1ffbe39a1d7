import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddress from '@fastify/proxy-addr';

type AddressSource = Pick<IncomingMessage, 'headers' | 'socket'>;

/** Splits a list such as `TRUSTED_PROXIES`; throws for what is neither an address, a range nor a known name. */
export function compileProxies(list: string): (address: string, hop: number) => boolean {
  const proxies = list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  return proxies.length === 0 ? () => false : proxyAddress.compile(proxies);
}

/** Whether a value of `TRUSTED_PROXIES` can be read. */
export function isProxyList(list: string): boolean {
  try {
    compileProxies(list);
    return true;
  } catch {
    return false;
  }
}

/** Addresses of clients. `X-Forwarded-For` counts only as far as trusted proxies have written it. */
export class ClientAddresses {
  private readonly isTrusted: (address: string, hop: number) => boolean;

  /** @param trustedProxies addresses, CIDR ranges, `loopback`, `linklocal` or `uniquelocal`, separated by commas */
  constructor(trustedProxies = '') {
    this.isTrusted = compileProxies(trustedProxies);
  }

  /** The client's address, of a plain request, an upgrade, or Fastify's request around one; `unknown` where the socket is gone. */
  addressOf(request: AddressSource | { raw: AddressSource }): string {
    const message = 'raw' in request ? request.raw : request;
    const { remoteAddress } = message.socket;
    if (remoteAddress === undefined) return 'unknown';
    const found = unmapIpv4(
      proxyAddress(message as IncomingMessage, (address, hop) => this.isTrusted(unmapIpv4(address), hop)),
    );
    return isIP(found) > 0 ? found : unmapIpv4(remoteAddress);
  }

  /** What rate limits count by: an IPv4 address, or the /64 network that one IPv6 client has to itself. */
  networkOf(request: AddressSource | { raw: AddressSource }): string {
    return networkOf(this.addressOf(request));
  }
}

/** What stands for one client: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  return isIP(address) === 6 ? `${groupsOf(address).slice(0, 4).join(':')}::/64` : address;
}

/** IPv4 in IPv6 as IPv4, without a zone. */
function unmapIpv4(address: string): string {
  const [bare = ''] = address.split('%');
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail === undefined) return left;
  const right = tail === '' ? [] : tail.split(':');
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}
