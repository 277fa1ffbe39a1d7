import { type Message, type Principal, unavailable } from '@parley/contracts';
import { buildMessage } from '@parley/testing';
import { type FeedEvent, toFeedEvent } from './conversation-feed.ts';
import { Subscription, type SubscriptionParts } from './subscription.ts';

const of = { spaceId: 'space_one', conversationId: 'conv_one' };
const principal: Principal = { type: 'account', id: 'acc_one', spaces: { space_one: 'agent' } };

const visitor: Principal = { type: 'visitor', id: 'cont_one', spaces: { space_one: 'visitor' } };

const messageOf = (sequence: number, change: Partial<Message> = {}): Message =>
  buildMessage({ conversationId: of.conversationId, sequence, ...change });

const eventOf = (sequence: number, message = messageOf(sequence)): FeedEvent =>
  toFeedEvent({ name: 'conversation.message_posted', ...of }, { sequence, message });

/** A conversation with a history, and what a follower was told of it. */
function follow(after: number | null, history: number[], follower = principal) {
  const told: number[] = [];
  const frames: string[] = [];
  let ended = 0;
  const open = { hear: (_event: FeedEvent): void => undefined, failures: 0 };
  const request = (_definition: unknown, input: { afterSequence: number }): Promise<unknown> => {
    if (open.failures > 0) {
      open.failures -= 1;
      return Promise.reject(unavailable('The service is away.'));
    }
    const page = history.filter((sequence) => sequence > input.afterSequence);
    const data = page.map((sequence) => ({ name: 'conversation.message_posted', data: { sequence } }));
    return Promise.resolve({ body: { data, nextCursor: null, lastSequence: history.at(-1) ?? 0 } });
  };
  const parts = {
    feed: {
      listen: (_id: string, listener: (event: FeedEvent) => void) => {
        open.hear = listener;
        return () => undefined;
      },
      onGap: () => () => undefined,
    },
    operations: { request },
    follower: {
      principal: follower,
      ended: () => {
        ended += 1;
      },
      send: (frame: string) => {
        frames.push(frame);
        told.push((JSON.parse(frame) as { sequence: number }).sequence);
      },
    },
  } as unknown as SubscriptionParts;
  const subscription = new Subscription(parts, of, after);
  const live = (sequence: number, message?: Message): void => {
    history.push(sequence);
    open.hear(eventOf(sequence, message));
  };
  const remove = (sequence: number): void =>
    open.hear(toFeedEvent({ name: 'conversation.deleted', ...of }, { sequence }));
  return { subscription, told, frames, live, open, history, remove, ended: () => ended };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A subscription', () => {
  it.each([
    ['a member', principal],
    ['a visitor', visitor],
  ])('of %s hears that its conversation was deleted, also behind a gap, and ends', async (_who, follower) => {
    const { subscription, frames, live, open, remove, ended } = follow(null, [1, 2], follower);
    await subscription.start();
    open.failures = 1;
    open.hear(eventOf(4));
    remove(5);
    live(6);
    await settled();
    expect(frames.map((frame) => JSON.parse(frame) as unknown)).toEqual([
      expect.objectContaining({ type: 'event', name: 'conversation.deleted', sequence: 5 }),
    ]);
    expect(ended()).toBe(1);
  });

  it.each([
    ['without a sequence', null, [3, 4]],
    ['from a sequence beyond the end', 900, [3, 4]],
    ['from the beginning', 0, [1, 2, 3, 4]],
    ['from a sequence in between', 1, [2, 3, 4]],
  ])('%s hears what comes next', async (_what, after, expected) => {
    const { subscription, told, live } = follow(after, [1, 2]);
    expect(await subscription.start()).toBe(2);
    live(3);
    live(4);
    expect(told).toEqual(expected);
  });

  it('sends a visitor its view of live events, passes over notes, and goes on behind them', async () => {
    const { subscription, told, frames, live } = follow(0, [1], visitor);
    await subscription.start();
    const author = { type: 'account' as const, accountId: 'acc_ann', name: 'Ann' };
    live(2, messageOf(2, { internal: true, author }));
    live(3, messageOf(3, { author, metadata: { note: 'VIP' } }));
    live(4);
    expect(told).toEqual([1, 3, 4]);
    expect(frames.join()).toContain('Ann');
    expect(frames.join()).not.toMatch(/acc_ann|VIP/);
    subscription.stop();
  });

  it('tells what came while it read once, behind the history', async () => {
    const { subscription, told, live } = follow(0, [1, 2]);
    const started = subscription.start();
    live(3);
    await started;
    expect(told).toEqual([1, 2, 3]);
  });

  it('fills a gap from the history, also when reading it fails at first', async () => {
    const { subscription, told, live, open, history } = follow(0, [1]);
    await subscription.start();
    history.push(2);
    open.failures = 1;
    live(3);
    await settled();
    live(4);
    expect(told).toEqual([1]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(told).toEqual([1, 2, 3, 4]);
    live(5);
    expect(told).toEqual([1, 2, 3, 4, 5]);
    subscription.stop();
  });
});
