import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

// Inside 2000::/3 yet not the public internet, and not named by ipaddr.js in every version.
const NON_PUBLIC_RANGES: readonly Range[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map(
  (range) => ipaddr.parseCIDR(range),
);
const GLOBAL_UNICAST: Range = ipaddr.parseCIDR('2000::/3');

/** What an operator lets through although it is not public: host names, addresses and ranges. */
export class EgressAllowList {
  readonly #hosts = new Set<string>();
  readonly #ranges: Range[] = [];

  /** @param entries comma-separated, such as `127.0.0.0/8, ::1, mail.internal, *.svc.cluster.local` */
  constructor(entries: string) {
    for (const entry of entries.split(',').map((part) => part.trim().toLowerCase())) {
      if (entry === '') continue;
      const range = toRange(entry);
      if (range === undefined) this.#hosts.add(entry);
      else this.#ranges.push(range);
    }
  }

  allowsHost(hostname: string): boolean {
    const name = hostname.toLowerCase().replace(/\.$/, '');
    const parents = name.split('.').map((_, index, labels) => `*.${labels.slice(index + 1).join('.')}`);
    return this.#hosts.has(name) || parents.some((parent) => this.#hosts.has(parent));
  }

  allowsAddress(address: string): boolean {
    const parsed = parse(address);
    return parsed !== undefined && this.#ranges.some((range) => isInRange(parsed, range));
  }
}

/** Whether an address is one of the public internet: nothing private, local, shared, translated or reserved. */
export function isPublicAddress(address: string): boolean {
  const parsed = parse(address);
  if (parsed === undefined || parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv4') return true;
  return isInRange(parsed, GLOBAL_UNICAST) && !NON_PUBLIC_RANGES.some((range) => isInRange(parsed, range));
}

function isInRange(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

function toRange(entry: string): Range | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  if (!ipaddr.isValid(entry)) return undefined;
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

// `process` turns an IPv4-mapped address into the IPv4 one it stands for.
function parse(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return isIP(bare) !== 0 ? ipaddr.process(bare) : undefined;
}
