import type { Principal } from '@parley/contracts';
import type { OperationClient } from '@parley/messaging';
import type { ChannelDirectory, KnownChannel } from '../channels/channel-directory.service.ts';
import { AuthService } from './auth.service.ts';

describe("A visitor's token", () => {
  const visitor: Principal = {
    type: 'visitor',
    id: 'cont_1',
    channelId: 'chan_1',
    spaces: { space_1: 'visitor' },
  };
  const channels = new Map<string, Partial<KnownChannel>>();
  const directory = { find: (id: string) => channels.get(id) } as unknown as ChannelDirectory;
  const operations = { request: async () => ({ body: { principal: visitor } }) };
  const auth = new AuthService(operations as unknown as OperationClient, directory);

  it.each<[string, Partial<KnownChannel> | null, number]>([
    ['an active channel', { spaceId: 'space_1', status: 'active' }, 200],
    ['a channel without a target', { spaceId: 'space_1', status: 'setup' }, 200],
    ['a deactivated channel', { spaceId: 'space_1', status: 'inactive' }, 401],
    ['a deleted channel', null, 401],
    ['a channel of another space', { spaceId: 'space_2', status: 'active' }, 401],
    ['a channel that is active again', { spaceId: 'space_1', status: 'active' }, 200],
  ])('is good for %s as it is now, whatever was asked before', async (_what, channel, expected) => {
    if (channel) channels.set('chan_1', channel);
    else channels.delete('chan_1');
    const status = await auth.principalOf('Bearer token').then(
      () => 200,
      (error: { status: number }) => error.status,
    );
    expect(status).toBe(expected);
  });
});

test('a member who has just joined a space is known with it at once', async () => {
  const spaces: Principal['spaces'] = {};
  const operations = {
    request: async () => ({ body: { principal: { type: 'account', id: 'acc_1', spaces: { ...spaces } } } }),
  };
  const auth = new AuthService(operations as unknown as OperationClient, {} as ChannelDirectory);
  expect((await auth.resolve('token')).spaces).toEqual({});
  spaces['space_1'] = 'agent';
  expect((await auth.resolve('token')).spaces).toEqual({});
  auth.expire('Bearer token');
  expect(auth.isKnown('Bearer token')).toBe(true);
  expect((await auth.resolve('token')).spaces).toEqual({ space_1: 'agent' });
});
