import type { Principal } from '@parley/contracts';
import { type FeedEvent, toFeedEvent } from './conversation-feed.ts';
import { Session, type SessionParts } from './session.ts';

const spaceId = 'space_one';

/** A session that follows a space; `told` are the conversations that it has heard of. */
async function followSpace(change: Partial<Principal>) {
  const told: string[] = [];
  let hear: (event: FeedEvent) => void = () => undefined;
  const feed = {
    listen: (_id: string, listener: (event: FeedEvent) => void) => {
      hear = listener;
      return () => undefined;
    },
  };
  const principal: Principal = { type: 'account', id: 'acc_one', spaces: { [spaceId]: 'owner' }, ...change };
  const session = new Session({ feed } as unknown as SessionParts, principal, (text) => {
    const frame = JSON.parse(text) as { type: string; conversationId?: string };
    if (frame.type === 'hint') told.push(frame.conversationId ?? '');
  });
  await session.handle({ type: 'subscribe', spaceId });
  const happen = (conversationId: string, data: object): void =>
    hear(
      toFeedEvent({ name: 'conversation.message_posted', spaceId, conversationId }, { sequence: 1, ...data }),
    );
  return { told, happen };
}

describe('A session that follows a space', () => {
  it.each<[string, Partial<Principal>, boolean]>([
    ['one of the two', { accountId: 'acc_one' }, true],
    ['the other of the two', { id: 'acc_two', accountId: 'acc_two' }, true],
    ['a third member, an owner too', { id: 'acc_three', accountId: 'acc_three' }, false],
    ['an API key', { type: 'api_key', id: 'key_one' }, false],
    [
      'a key of a service account that takes part',
      { type: 'api_key', id: 'key_one', accountId: 'acc_two' },
      true,
    ],
  ])('is told of a direct room only where it is one of the two: %s', async (_who, principal, isTold) => {
    const { told, happen } = await followSpace(principal);
    happen('conv_of_all', {});
    happen('conv_direct', { audience: ['acc_one', 'acc_two'] });
    expect(told).toEqual(['conv_of_all', ...(isTold ? ['conv_direct'] : [])]);
  });
});
