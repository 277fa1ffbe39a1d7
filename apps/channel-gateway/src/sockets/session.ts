import {
  badRequest,
  type ClientFrame,
  getConversation,
  notFound,
  permissionDenied,
  postMessage,
  postVisitorMessage,
  type Principal,
  ProblemError,
  roleAllows,
  roleIn,
  type ServerFrame,
  typingName,
} from '@parley/contracts';
import type { LiveBus, OperationClient } from '@parley/messaging';
import type { ChannelDirectory } from '../channels/channel-directory.service.ts';
import type { RateLimits } from '../http/rate-limits.service.ts';
import type { ConversationFeed } from './conversation-feed.ts';
import type { InboxFeed } from './inbox-feed.ts';
import { Subscription } from './subscription.ts';

/** What sessions share. */
export interface SessionParts {
  feed: ConversationFeed;
  operations: OperationClient;
  live: LiveBus;
  directory: ChannelDirectory;
  inbox: InboxFeed;
  limits: Pick<RateLimits, 'takeCaller' | 'takeSpace'>;
}

/** What a connection follows; open once it is known that it may. */
interface Followed {
  open: boolean;
  stop(): void;
}

const SUBSCRIPTIONS = 500;
const SPACES_KEPT = 1000;

/** One authenticated connection: its subscriptions and its posts. */
export class Session {
  readonly principal: Principal;
  private readonly parts: SessionParts;
  private readonly write: (frame: string) => void;
  private readonly subscriptions = new Map<string, Followed>();
  private readonly spaces = new Map<string, string>();

  constructor(parts: SessionParts, principal: Principal, write: (frame: string) => void) {
    this.parts = parts;
    this.principal = principal;
    this.write = write;
  }

  close(): void {
    for (const subscription of this.subscriptions.values()) subscription.stop();
    this.subscriptions.clear();
  }

  async handle(frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case 'subscribe':
        return this.subscribe(frame);
      case 'unsubscribe':
        return this.unsubscribe(frame);
      case 'post':
        return this.post(frame);
      case 'typing':
        return this.typing(frame.conversationId);
      case 'ping':
        return this.send({ type: 'pong' });
      default:
        throw permissionDenied('This connection is authenticated already.');
    }
  }

  send(frame: ServerFrame): void {
    this.write(JSON.stringify(frame));
  }

  private async subscribe(frame: Extract<ClientFrame, { type: 'subscribe' }>): Promise<void> {
    if (this.subscriptions.size >= SUBSCRIPTIONS)
      throw permissionDenied(`A connection follows at most ${SUBSCRIPTIONS} conversations.`);
    if ('conversationId' in frame) return this.follow(frame.conversationId, frame.afterSequence);
    if ('spaceId' in frame) return this.hints(frame.spaceId);
    return this.followInbox();
  }

  private followInbox(): void {
    const { accountId } = this.principal;
    if (!accountId) throw permissionDenied('Only a person has an inbox. Connect with an access token.');
    this.subscriptions.get('inbox')?.stop();
    const stop = this.parts.inbox.listen(accountId, (data) => this.send({ type: 'notification', data }));
    this.subscriptions.set('inbox', { open: true, stop });
    this.send({ type: 'subscribed', inbox: true });
  }

  private async follow(conversationId: string, afterSequence: number | undefined): Promise<void> {
    let live = (): void => undefined;
    let subscription: Subscription | undefined;
    const entry: Followed = {
      open: false,
      stop: () => {
        live();
        subscription?.stop();
      },
    };
    // Known from the start: a second subscription, an unsubscription or the end of the connection finds it.
    this.subscriptions.get(conversationId)?.stop();
    this.subscriptions.set(conversationId, entry);
    const current = (): boolean => this.subscriptions.get(conversationId) === entry;
    try {
      const spaceId = await this.spaceOf(conversationId);
      if (!current()) return;
      const ended = (): void => {
        entry.stop();
        if (current()) this.subscriptions.delete(conversationId);
      };
      const follower = { principal: this.principal, send: this.write, ended };
      const of = { spaceId, conversationId };
      const followed = new Subscription({ ...this.parts, follower }, of, afterSequence ?? null);
      subscription = followed;
      const visitor = this.principal.type === 'visitor';
      const sequence = await followed.start();
      if (!current()) return;
      live = this.parts.live.subscribe(spaceId, conversationId, (news) => {
        // A visitor is not shown an answer that a person has taken over from; members find it as a note.
        if (news.type === 'delta' && visitor && !followed.answering) return;
        this.tellLive(conversationId, news);
      });
      entry.open = true;
      this.send({ type: 'subscribed', conversationId, lastSequence: sequence });
      this.send({ type: 'caught_up', conversationId, sequence });
    } catch (error) {
      entry.stop();
      if (current()) this.subscriptions.delete(conversationId);
      throw error;
    }
  }

  private tellLive(conversationId: string, news: Parameters<Parameters<LiveBus['subscribe']>[2]>[0]): void {
    if (news.type === 'delta') this.send({ ...news, conversationId });
    else if (news.actorId !== this.principal.id)
      this.send({ type: 'typing', conversationId, name: news.name });
  }

  private hints(spaceId: string): void {
    const role = roleIn(this.principal, spaceId);
    if (!role || !roleAllows(role, 'conversations:read') || role === 'visitor') throw notFound('The space');
    this.subscriptions.get(spaceId)?.stop();
    const { accountId = '' } = this.principal;
    const stop = this.parts.feed.listen(spaceId, ({ conversationId, name, audience }) => {
      // What happens in a direct room is told to its two participants alone.
      if (audience === null || audience.includes(accountId))
        this.send({ type: 'hint', spaceId, conversationId, name });
    });
    this.subscriptions.set(spaceId, { open: true, stop });
    this.send({ type: 'subscribed', spaceId });
  }

  private unsubscribe(frame: Extract<ClientFrame, { type: 'unsubscribe' }>): void {
    const key =
      'conversationId' in frame ? frame.conversationId : 'spaceId' in frame ? frame.spaceId : 'inbox';
    this.subscriptions.get(key)?.stop();
    this.subscriptions.delete(key);
  }

  private async post(frame: Extract<ClientFrame, { type: 'post' }>): Promise<void> {
    const { id, conversationId, parts } = frame;
    const options = { principal: this.principal, idempotencyKey: `socket:${id}` };
    try {
      this.parts.limits.takeCaller(this.principal);
      if (this.principal.type === 'visitor') {
        this.parts.limits.takeSpace(this.principal, this.onlySpace());
        const input = {
          spaceId: this.onlySpace(),
          parts,
          channel: this.visitorChannel(),
          ...(conversationId ? { conversationId } : {}),
        };
        return this.send({
          type: 'posted',
          id,
          message: (await this.parts.operations.request(postVisitorMessage, input, options)).body,
        });
      }
      if (!conversationId) throw badRequest('Name the conversation to post into.');
      const spaceId = await this.spaceOf(conversationId);
      this.requireWrite(spaceId);
      this.parts.limits.takeSpace(this.principal, spaceId);
      const { body } = await this.parts.operations.request(
        postMessage,
        { spaceId, conversationId, parts },
        options,
      );
      this.send({ type: 'posted', id, message: body });
    } catch (error) {
      const problem = error instanceof ProblemError ? error : null;
      this.send({
        type: 'error',
        code: problem?.code ?? 'internal',
        detail: problem?.message ?? 'An internal error occurred. Try again.',
        id,
      });
    }
  }

  private visitorChannel(): {
    channelId: string;
    deploymentType: string;
    target: { agentId: string } | { flowId: string } | null;
    agentName?: string;
  } {
    const channel = this.parts.directory.find(this.principal.channelId ?? '');
    if (!channel || channel.status !== 'active') throw notFound('The channel');
    const { id: channelId, deploymentType, target, targetName } = channel;
    return { channelId, deploymentType, target, ...(targetName ? { agentName: targetName } : {}) };
  }

  private async typing(conversationId: string): Promise<void> {
    // Only whoever may follow a conversation is heard in it.
    if (!this.subscriptions.get(conversationId)?.open) return;
    const spaceId = await this.spaceOf(conversationId);
    this.requireWrite(spaceId);
    const name = typingName(this.principal);
    this.parts.live.publish(spaceId, conversationId, { type: 'typing', name, actorId: this.principal.id });
  }

  private requireWrite(spaceId: string): void {
    const role = roleIn(this.principal, spaceId);
    if (!role || !roleAllows(role, 'messages:write'))
      throw permissionDenied('Your role does not include messages:write.');
  }

  /** The space a conversation lies in: a key or visitor has one, a person is asked for in each of theirs. */
  private async spaceOf(conversationId: string): Promise<string> {
    const spaceIds = Object.keys(this.principal.spaces);
    if (spaceIds.length <= 1) return this.onlySpace();
    const known = this.spaces.get(conversationId);
    if (known) return known;
    for (const spaceId of spaceIds) {
      if (!(await this.holds(spaceId, conversationId))) continue;
      if (this.spaces.size >= SPACES_KEPT) this.spaces.clear();
      this.spaces.set(conversationId, spaceId);
      return spaceId;
    }
    throw notFound('The conversation');
  }

  private async holds(spaceId: string, conversationId: string): Promise<boolean> {
    try {
      await this.parts.operations.request(
        getConversation,
        { spaceId, conversationId },
        { principal: this.principal },
      );
      return true;
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return false;
      throw error;
    }
  }

  /** Keys and visitors belong to one space. */
  private onlySpace(): string {
    const [spaceId] = Object.keys(this.principal.spaces);
    if (!spaceId) throw notFound('The conversation');
    return spaceId;
  }
}
