import { Injectable } from '@nestjs/common';
import {
  anonymous,
  authenticate,
  type Principal,
  roleIn,
  servicePrincipal,
  unauthorized,
} from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import { ChannelDirectory } from '../channels/channel-directory.service.ts';

const KEEP_MS = 1000;
const KEPT = 10_000;

interface Known {
  at: number;
  principal: Promise<Principal>;
}

/** Who a credential belongs to: asked of identity once, kept for a second, one question at a time for each. */
@Injectable()
export class AuthService {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly operations: OperationClient,
    private readonly directory: ChannelDirectory,
  ) {}

  /** @throws ProblemError 401 for a credential that is not (or no longer) valid */
  async principalOf(authorization: string | undefined, spaceId?: string): Promise<Principal> {
    if (authorization === undefined) return anonymous;
    const credential = credentialOf(authorization);
    if (!credential) throw unauthorized('The Authorization header is not "Bearer <credential>".');
    const principal = await this.resolve(credential);
    if (spaceId === undefined || roleIn(principal, spaceId) || principal.type !== 'account') return principal;
    // The account may have made or joined the space a moment ago.
    this.known.delete(credential);
    return this.resolve(credential);
  }

  /** Whether a credential was valid when it was last asked for. */
  isKnown(authorization: string | undefined): boolean {
    return authorization !== undefined && this.known.has(credentialOf(authorization) ?? '');
  }

  /** Has a credential asked for anew: its caller has just made, joined or left a space, or ended a session. */
  expire(authorization: string | undefined): void {
    const known = this.known.get(credentialOf(authorization ?? '') ?? '');
    if (known) known.at = 0;
  }

  /**
   * @param keptMs how old the answer may be, at most a second
   * @throws ProblemError 401
   */
  async resolve(credential: string, keptMs = KEEP_MS): Promise<Principal> {
    const principal = await this.identify(credential, keptMs);
    if (principal.type === 'visitor') this.requireChannel(principal);
    return principal;
  }

  /** A visitor's token is good for as long as its channel takes visitors. */
  private requireChannel(visitor: Principal): void {
    const channel = this.directory.find(visitor.channelId ?? '');
    if (channel && channel.status !== 'inactive' && roleIn(visitor, channel.spaceId) === 'visitor') return;
    throw unauthorized('The channel of this token was deactivated or deleted.');
  }

  private async identify(credential: string, keptMs: number): Promise<Principal> {
    const known = this.known.get(credential);
    if (known && Date.now() - known.at < Math.min(keptMs, KEEP_MS)) return known.principal;
    const principal = this.ask(credential);
    if (this.known.size >= KEPT) this.known.clear();
    this.known.set(credential, { at: Date.now(), principal });
    principal.catch(() => this.known.delete(credential));
    return principal;
  }

  private async ask(credential: string): Promise<Principal> {
    const { body } = await this.operations.request(
      authenticate,
      { credential },
      { principal: servicePrincipal('channel-gateway') },
    );
    if (!body.principal) throw unauthorized(body.reason ?? undefined);
    return body.principal;
  }
}

function credentialOf(authorization: string): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,2000})$/i.exec(authorization)?.[1];
}
