import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

import { requireNoTransaction } from '@parley/database/transaction-scope';

import { injectTrace } from '../tracing/context.ts';
import { EgressAllowList, isPublicAddress } from './addresses.ts';
import { EgressError } from './egress-error.ts';
import { limitBody } from './limit-body.ts';
import { followRedirect } from './redirect.ts';
import type { EgressRequest } from './redirect.ts';

/** Limits of one outgoing request. Unset: 120 s, 10 MiB, 3 redirects. */
export interface EgressLimits {
  /** From the call to the last byte of the answer. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly maxRedirects?: number;
}

type FetchInput = Parameters<typeof globalThis.fetch>[0];
type Undici = typeof import('undici')['default'];
type Resolver = (hostname: string) => Promise<LookupAddress[]>;

const DEFAULT_LIMITS = { timeoutMs: 120_000, maxBytes: 10 * 1024 * 1024, maxRedirects: 3 };

/**
 * All requests to addresses that somebody else chose (callbacks, flow steps, model endpoints) go through here: only
 * http and https, only to public addresses and to what `EGRESS_ALLOW` lists. Names are checked where the connection
 * resolves them, so that a name cannot point elsewhere between check and use.
 */
export class GuardedFetch {
  readonly #allowed: EgressAllowList;
  readonly #resolve: Resolver;
  #client: Promise<{ undici: Undici; dispatcher: InstanceType<Undici['Agent']> }> | undefined;

  /** @param resolve answers all addresses of a name; the system's resolver unless a test gives another */
  constructor(allow: string, resolve: Resolver = resolveWithSystem) {
    this.#allowed = new EgressAllowList(allow);
    this.#resolve = resolve;
  }

  /** `fetch` with the guard and the default limits; fits wherever a `fetch` may be handed in. */
  readonly fetch: typeof globalThis.fetch = (input, init) => this.#fetch(input, init, {});

  /** `fetch` with the guard and limits of its own, as for a streamed answer. */
  withLimits(limits: EgressLimits): typeof globalThis.fetch {
    return (input, init) => this.#fetch(input, init, limits);
  }

  /**
   * The addresses of a host that may be connected to.
   * @throws {EgressError} `egress_refused` when there are none
   */
  async resolve(hostname: string): Promise<LookupAddress[]> {
    const bare = hostname.replace(/^\[|\]$/g, '');
    const family = isIP(bare);
    const found = family === 0 ? await this.#resolve(bare) : [{ address: bare, family }];
    if (this.#allowed.allowsHost(bare)) return found;
    const open = found.filter(
      ({ address }) => isPublicAddress(address) || this.#allowed.allowsAddress(address),
    );
    if (open.length > 0) return open;
    throw new EgressError(
      'egress_refused',
      'The host is not at a public address. An operator can list it in EGRESS_ALLOW.',
    );
  }

  /** A `lookup` for `net.connect` that answers only addresses that may be connected to. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname).then(
      (addresses) => {
        const wanted = Number(String(options.family ?? 0).replace(/^IPv/, ''));
        const fitting = wanted === 0 ? addresses : addresses.filter(({ family }) => family === wanted);
        const [first] = fitting;
        if (first === undefined)
          callback(new EgressError('egress_refused', 'The host has no such address'), '');
        else if (options.all === true) callback(null, fitting);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };

  /** Closes idle connections. */
  async close(): Promise<void> {
    const client = await this.#client;
    await client?.dispatcher.destroy();
  }

  // undici costs a tenth of a second to load, which a service that never calls out should not pay. In a bundle it has its default alone.
  #load(): Promise<{ undici: Undici; dispatcher: InstanceType<Undici['Agent']> }> {
    this.#client ??= import('undici').then(({ default: undici }) => ({
      undici,
      dispatcher: new undici.Agent({ connect: { lookup: this.lookup, timeout: 5_000 } }),
    }));
    return this.#client;
  }

  async #fetch(input: FetchInput, init: RequestInit | undefined, given: EgressLimits): Promise<Response> {
    requireNoTransaction('An HTTP request');
    const limits = { ...DEFAULT_LIMITS, ...given };
    const expiry = AbortSignal.timeout(limits.timeoutMs);
    const { undici, dispatcher } = await this.#load();
    const signal = init?.signal ? AbortSignal.any([init.signal, expiry]) : expiry;
    let request = toEgressRequest(input, init);
    try {
      for (let redirects = 0; ; redirects += 1) {
        await this.#check(request.url);
        const options = { ...request.init, redirect: 'manual', dispatcher, signal };
        const answer = await undici.fetch(request.url, options as Parameters<Undici['fetch']>[1]);
        const next = followRedirect(request, answer as unknown as Response);
        if (next === undefined) return limitBody(answer as unknown as Response, limits.maxBytes, expiry);
        await answer.body?.cancel();
        if (redirects >= limits.maxRedirects) {
          throw new EgressError(
            'egress_redirects',
            `The host redirects more than ${limits.maxRedirects} times`,
          );
        }
        request = next;
      }
    } catch (error) {
      throw toEgressError(error, expiry);
    }
  }

  async #check(url: URL): Promise<void> {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new EgressError('egress_refused', 'Only http and https addresses can be called');
    }
    // A literal address is never looked up by the connection, so it is checked here.
    if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) await this.resolve(url.hostname);
  }
}

function toEgressRequest(input: FetchInput, init: RequestInit = {}): EgressRequest {
  const given = typeof input === 'string' || input instanceof URL ? undefined : input;
  const { method, headers, body } = given ?? init;
  const merged = { method, body, ...init, headers: new Headers(init.headers ?? headers) };
  injectTrace(merged.headers);
  return { url: new URL(given?.url ?? String(input)), init: merged };
}

function toEgressError(error: unknown, expiry: AbortSignal): unknown {
  if (expiry.aborted) return new EgressError('egress_timeout', 'The host took too long to answer');
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof EgressError ? cause : error;
}

function resolveWithSystem(hostname: string): Promise<LookupAddress[]> {
  return systemLookup(hostname, { all: true });
}
