import {
  type ClientFrame,
  notFound,
  permissionDenied,
  postMessage,
  postVisitorMessage,
  type Principal,
  ProblemError,
  roleAllows,
  type ServerFrame,
} from '@parley/contracts';
import type { LiveBus, OperationClient } from '@parley/messaging';
import type { ChannelDirectory } from '../channels/channel-directory.service.ts';
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
}

const SUBSCRIPTIONS = 500;

/** One authenticated connection: its subscriptions and its posts. */
export class Session {
  readonly principal: Principal;
  private readonly parts: SessionParts;
  private readonly write: (frame: string) => void;
  private readonly subscriptions = new Map<string, { stop(): void }>();

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
    this.subscriptions.set('inbox', { stop });
    this.send({ type: 'subscribed', inbox: true });
  }

  private async follow(conversationId: string, afterSequence: number | undefined): Promise<void> {
    this.subscriptions.get(conversationId)?.stop();
    const spaceId = this.onlySpace();
    const follower = { principal: this.principal, send: this.write };
    const subscription = new Subscription(
      { ...this.parts, follower },
      { spaceId, conversationId },
      afterSequence ?? Number.MAX_SAFE_INTEGER,
    );
    try {
      const sequence = await subscription.start();
      const stopLive = this.parts.live.subscribe(spaceId, conversationId, (news) =>
        this.tellLive(conversationId, news),
      );
      this.subscriptions.set(conversationId, {
        stop: () => {
          stopLive();
          subscription.stop();
        },
      });
      this.send({ type: 'subscribed', conversationId, lastSequence: sequence });
      this.send({ type: 'caught_up', conversationId, sequence });
    } catch (error) {
      subscription.stop();
      throw error;
    }
  }

  private tellLive(conversationId: string, news: Parameters<Parameters<LiveBus['subscribe']>[2]>[0]): void {
    if (news.type === 'delta') this.send({ ...news, conversationId });
    else if (news.actorId !== this.principal.id)
      this.send({ type: 'typing', conversationId, name: news.name });
  }

  private hints(spaceId: string): void {
    const role = this.principal.spaces[spaceId];
    if (!role || !roleAllows(role, 'conversations:read') || role === 'visitor') throw notFound('The space');
    this.subscriptions.get(spaceId)?.stop();
    const stop = this.parts.feed.listen(spaceId, ({ conversationId, name }) =>
      this.send({ type: 'hint', spaceId, conversationId, name }),
    );
    this.subscriptions.set(spaceId, { stop });
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
      const spaceId = this.onlySpace();
      if (this.principal.type === 'visitor') {
        const input = {
          spaceId,
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
      if (!conversationId) throw permissionDenied('Name the conversation to post into.');
      this.requireWrite(spaceId);
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
        detail: problem?.message ?? 'Something went wrong here.',
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

  private typing(conversationId: string): void {
    // Only whoever may follow a conversation is heard in it.
    if (!this.subscriptions.has(conversationId)) return;
    const name = this.principal.name ?? (this.principal.type === 'visitor' ? 'The visitor' : 'Somebody');
    this.parts.live.publish(this.onlySpace(), conversationId, {
      type: 'typing',
      name,
      actorId: this.principal.id,
    });
  }

  private requireWrite(spaceId: string): void {
    const role = this.principal.spaces[spaceId];
    if (!role || !roleAllows(role, 'messages:write'))
      throw permissionDenied('Your role does not include messages:write.');
  }

  /** Keys and visitors belong to one space; a person with several works in the first that answers for the conversation. */
  private onlySpace(): string {
    const [spaceId] = Object.keys(this.principal.spaces);
    if (!spaceId) throw notFound('The conversation');
    return spaceId;
  }
}
