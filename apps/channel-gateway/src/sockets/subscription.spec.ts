import { type Principal, unavailable } from '@parley/contracts';
import { type FeedEvent, toFeedEvent } from './conversation-feed.ts';
import { Subscription, type SubscriptionParts } from './subscription.ts';

const of = { spaceId: 'space_one', conversationId: 'conv_one' };
const principal: Principal = { type: 'account', id: 'acc_one', spaces: { space_one: 'agent' } };

const eventOf = (sequence: number): FeedEvent =>
  toFeedEvent({ name: 'conversation.message_posted', ...of }, { sequence });

/** A conversation with a history, and what a follower was told of it. */
function follow(after: number | null, history: number[]) {
  const told: number[] = [];
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
      principal,
      send: (frame: string) => told.push((JSON.parse(frame) as { sequence: number }).sequence),
    },
  } as unknown as SubscriptionParts;
  const subscription = new Subscription(parts, of, after);
  const live = (sequence: number): void => {
    history.push(sequence);
    open.hear(eventOf(sequence));
  };
  return { subscription, told, live, open, history };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A subscription', () => {
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
