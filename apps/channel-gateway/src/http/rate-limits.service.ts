import { Injectable } from '@nestjs/common';
import type { Principal } from '@parley/contracts';
import { Leases } from '@parley/messaging';
import { ClientAddresses, InjectConfig, Metrics } from '@parley/service';
import type { GatewayConfig } from '../config.ts';
import { type RateLimit, RateLimiter } from './rate-limiter.ts';
import { SpaceLimits } from './space-limits.ts';

/** Seconds that a caller may save up. */
const BURST_SECONDS = 5;
/** The smallest burst: a page loads a few dozen things at once. */
const LEAST_BURST = 60;

type Request = Parameters<ClientAddresses['addressOf']>[0];
type Name = 'address' | 'session' | 'key' | 'visitor' | 'space' | 'channel';

/**
 * The rate limits of the API, of sockets and of webhooks: for each key, visitor, address, space and channel. This
 * gateway grants its share of each, the limit divided by the gateways that live.
 */
@Injectable()
export class RateLimits {
  private readonly limiters: Readonly<Record<Name, RateLimiter>>;

  constructor(
    leases: Leases,
    private readonly addresses: ClientAddresses,
    private readonly spaces: SpaceLimits,
    private readonly metrics: Metrics,
    @InjectConfig() config: GatewayConfig,
  ) {
    const share = (): number => 1 / leases.processCount;
    const limiter = (perMinute: number): RateLimiter => new RateLimiter(limitOf(perMinute), share);
    this.limiters = {
      address: limiter(config.RATE_LIMIT_ADDRESS),
      session: limiter(config.RATE_LIMIT_SESSIONS),
      key: limiter(config.RATE_LIMIT_KEY),
      visitor: limiter(config.RATE_LIMIT_VISITOR),
      space: limiter(config.RATE_LIMIT_SPACE),
      channel: limiter(config.RATE_LIMIT_WEBHOOKS),
    };
  }

  /** One request without a credential, or with a wrong one. */
  takeAddress(request: Request): void {
    this.take('address', this.addresses.networkOf(request), 'This address');
  }

  /** Refuses an address that has used its limit; counts nothing. */
  requireAddress(request: Request): void {
    this.counted('address', () =>
      this.limiters.address.requireToken(this.addresses.networkOf(request), 'This address'),
    );
  }

  /** A new session of a visitor, or of a flow. */
  takeSession(request: Request): void {
    this.take('session', this.addresses.networkOf(request), 'This address');
  }

  /** One request of a key, an account or a visitor; services are not limited. */
  takeCaller({ type, id }: Principal): void {
    if (type === 'visitor') this.take('visitor', id, 'This visitor');
    else if (type === 'api_key') this.take('key', id, 'This API key');
    else if (type === 'account' || type === 'service_account') this.take('key', id, 'This account');
  }

  /** One request in a space. Visitors have a bucket of their own beside that of members and keys: neither uses up the other's. */
  takeSpace({ type }: Principal, spaceId: string): void {
    if (type === 'service') return;
    const isVisitor = type === 'visitor';
    const most = this.spaces.requestsPerMinute(spaceId);
    this.take(
      'space',
      isVisitor ? `visitors ${spaceId}` : spaceId,
      isVisitor ? 'This chat' : 'The space',
      most,
    );
  }

  /** One request of a provider for a channel, whose signature was right. */
  takeWebhook(channelId: string): void {
    this.take('channel', channelId, 'The channel');
  }

  private take(name: Name, caller: string, who: string, most?: number): void {
    this.counted(name, () => this.limiters[name].take(caller, who, most));
  }

  private counted(name: Name, take: () => void): void {
    try {
      take();
    } catch (error) {
      this.metrics.count('rate_limited', { limit: name });
      throw error;
    }
  }
}

/** A limit with its burst. */
export function limitOf(perMinute: number): RateLimit {
  return { perMinute, burst: Math.max(Math.min(LEAST_BURST, perMinute), (perMinute * BURST_SECONDS) / 60) };
}
