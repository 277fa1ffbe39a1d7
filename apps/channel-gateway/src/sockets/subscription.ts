import { setTimeout as sleep } from 'node:timers/promises';
import { conversationDeleted, listEvents, type Principal, ProblemError } from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import { type ConversationFeed, type FeedEvent, toFeedEvent } from './conversation-feed.ts';

const PAGE = 200;
const WAITING = 1000;
const RETRY_MS = 500;

/** What a subscription needs of its socket. */
export interface Follower {
  principal: Principal;
  send(frame: string): void;
  /** The conversation is there no more, or no longer the follower's: nothing follows. */
  ended?(): void;
}

/** What a subscription reads from. */
export interface SubscriptionParts {
  feed: Pick<ConversationFeed, 'listen' | 'onGap'>;
  operations: Pick<OperationClient, 'request'>;
  follower: Follower;
}

/** One conversation followed by one socket: what was missed first, then live, in order, without gap or double. */
export class Subscription {
  private readonly parts: SubscriptionParts;
  private readonly of: { spaceId: string; conversationId: string };
  private readonly stops: (() => void)[];
  private readonly waiting: FeedEvent[] = [];
  private last: number;
  private catching = true;
  private again = false;
  private stopped = false;
  private owner: unknown = null;
  private closed = false;

  /** @param after the last sequence that the follower knows; null: it wants nothing of the past */
  constructor(
    parts: SubscriptionParts,
    of: { spaceId: string; conversationId: string },
    after: number | null,
  ) {
    this.parts = parts;
    this.of = of;
    this.last = after ?? Number.MAX_SAFE_INTEGER;
    this.stops = [
      parts.feed.listen(of.conversationId, (event) => this.hear(event)),
      parts.feed.onGap(() => void this.catchUp()),
    ];
  }

  /** Whether an answer that is being written is still meant for the contact: no person has taken over since. */
  get answering(): boolean {
    return (this.owner === null || this.owner === 'flow') && !this.closed;
  }

  /** Tells what was missed; throws a ProblemError when the conversation is not the follower's. */
  async start(): Promise<number> {
    return this.read();
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
  }

  /** Nothing comes after that, and nobody is told again. */
  private end(): void {
    this.stop();
    this.parts.follower.ended?.();
  }

  /** Reads the history again, until that succeeds or the conversation is no longer the follower's. */
  private async catchUp(): Promise<void> {
    if (this.catching) {
      this.again = true;
      return;
    }
    this.catching = true;
    while (!this.stopped) {
      try {
        await this.read();
        return;
      } catch (error) {
        if (error instanceof ProblemError && error.status < 500 && error.status !== 429) return this.end();
        await sleep(RETRY_MS);
      }
    }
  }

  private async read(): Promise<number> {
    const { spaceId, conversationId } = this.of;
    const { operations, follower } = this.parts;
    for (let more = true; (more || this.again) && !this.stopped; ) {
      this.again = false;
      const { body } = await operations.request(
        listEvents,
        { spaceId, conversationId, afterSequence: this.last, limit: PAGE },
        { principal: follower.principal },
      );
      // A follower knows nothing beyond the end: what comes next is news.
      this.last = Math.min(this.last, body.lastSequence);
      for (const event of body.data)
        this.tell(toFeedEvent({ name: event.name, spaceId, conversationId }, event.data, true));
      more = body.nextCursor !== null;
      // What was left out of the page is hidden from this follower.
      this.last = Math.max(this.last, Number(body.nextCursor ?? body.lastSequence));
    }
    this.catching = false;
    for (const event of this.waiting.splice(0)) this.tell(event);
    return this.last;
  }

  private hear(event: FeedEvent): void {
    // What was missed before it cannot be read any more.
    if (event.name === conversationDeleted.name) return this.tell(event);
    if (!this.catching && event.sequence <= this.last + 1) return this.tell(event);
    if (this.waiting.length >= WAITING) {
      // The history has them all.
      this.waiting.length = 0;
      this.again = true;
    }
    // Something was missed, or is being read: the history fills the gap, and this event waits behind it.
    this.waiting.push(event);
    if (!this.catching) void this.catchUp();
  }

  private tell(event: FeedEvent): void {
    if (this.stopped || event.sequence <= this.last) return;
    this.last = event.sequence;
    this.owner = event.data['owner'] ?? this.owner;
    if (event.name === 'conversation.status_changed') this.closed = event.data['status'] === 'closed';
    const { principal, send } = this.parts.follower;
    const frame = principal.type === 'visitor' ? event.visitorFrame : event.frame;
    if (frame !== null) send(frame);
    if (event.name === conversationDeleted.name) this.end();
  }
}
