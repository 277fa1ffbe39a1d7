import { listEvents, type Principal } from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import { type ConversationFeed, type FeedEvent, toFeedEvent } from './conversation-feed.ts';

const PAGE = 200;

/** What a subscription needs of its socket. */
export interface Follower {
  principal: Principal;
  send(frame: string): void;
}

/** One conversation followed by one socket: what was missed first, then live, in order, without gap or double. */
export class Subscription {
  private readonly feed: ConversationFeed;
  private readonly operations: OperationClient;
  private readonly follower: Follower;
  private readonly of: { spaceId: string; conversationId: string };
  private readonly stops: (() => void)[];
  private readonly waiting: FeedEvent[] = [];
  private last: number;
  private catching = true;
  private stopped = false;

  constructor(
    parts: { feed: ConversationFeed; operations: OperationClient; follower: Follower },
    of: { spaceId: string; conversationId: string },
    after: number,
  ) {
    this.feed = parts.feed;
    this.operations = parts.operations;
    this.follower = parts.follower;
    this.of = of;
    this.last = after;
    this.stops = [
      this.feed.listen(of.conversationId, (event) => this.hear(event)),
      this.feed.onGap(() => void this.catchUp().catch(() => undefined)),
    ];
  }

  /** Tells what was missed; throws a ProblemError when the conversation is not the follower's. */
  async start(): Promise<number> {
    return this.catchUp();
  }

  stop(): void {
    this.stopped = true;
    for (const stop of this.stops) stop();
  }

  private async catchUp(): Promise<number> {
    this.catching = true;
    const { spaceId, conversationId } = this.of;
    let lastSequence = this.last;
    for (let more = true; more && !this.stopped; ) {
      const { body } = await this.operations.request(
        listEvents,
        { spaceId, conversationId, afterSequence: this.last, limit: PAGE },
        { principal: this.follower.principal },
      );
      for (const event of body.data)
        this.tell(toFeedEvent({ name: event.name, spaceId, conversationId }, event.data));
      lastSequence = body.lastSequence;
      more = body.nextCursor !== null;
      if (more) this.last = Math.max(this.last, Number(body.nextCursor));
    }
    this.catching = false;
    for (const event of this.waiting.splice(0)) this.tell(event);
    return lastSequence;
  }

  private hear(event: FeedEvent): void {
    if (this.catching) this.waiting.push(event);
    else if (event.sequence > this.last + 1) {
      // Something was missed: the history fills the gap, and this event waits behind it.
      this.waiting.push(event);
      void this.catchUp().catch(() => undefined);
    } else this.tell(event);
  }

  private tell(event: FeedEvent): void {
    if (this.stopped || event.sequence <= this.last) return;
    this.last = event.sequence;
    if (event.internal && this.follower.principal.type === 'visitor') return;
    this.follower.send(event.frame);
  }
}
