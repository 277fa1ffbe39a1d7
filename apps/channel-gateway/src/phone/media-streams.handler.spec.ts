import type { ChannelDirectory, KnownChannel } from '../channels/channel-directory.service.ts';
import { MediaStreamsHandler } from './media-streams.handler.ts';
import { issueStreamToken, type StreamGrant } from './stream-token.ts';

const authToken = '0123456789abcdef0123456789abcdef';
const callSid = `CA${'1'.repeat(32)}`;
const known = {
  ...{ id: 'chan_calls', spaceId: 'space_one', deploymentType: 'CALLS', status: 'active' },
  ...{ target: { agentId: 'agent_one' }, targetName: 'Pia', language: 'en' },
} as KnownChannel;
const grant: StreamGrant = {
  channelId: 'chan_calls',
  callSid,
  direction: 'inbound',
  callId: null,
  from: '+14155550101',
  to: '+14155550199',
};
const asked = { channelId: 'chan_calls', callSid, token: issueStreamToken(grant, authToken) };

function handler(channel: KnownChannel | undefined, hasAccount = true): MediaStreamsHandler {
  const credentials = hasAccount ? { accountSid: 'AC1', authToken } : null;
  const directory = { find: () => channel, credentialsOf: () => credentials };
  return new MediaStreamsHandler(directory as unknown as ChannelDirectory);
}

describe('The admission of a media stream', () => {
  it('tells whose call it carries', async () => {
    expect(await handler(known).admit(asked)).toEqual({
      refusal: null,
      stream: {
        ...{ spaceId: 'space_one', channelId: 'chan_calls', deploymentType: 'CALLS', callId: null },
        ...{ target: { agentId: 'agent_one' }, targetName: 'Pia', language: 'en', direction: 'inbound' },
        ...{ from: '+14155550101', to: '+14155550199' },
      },
    });
  });

  it('is refused without a right token, whatever the channel is', async () => {
    const inactive = { ...known, status: 'inactive' } as KnownChannel;
    const refused = (refusal: string): object => ({ refusal, stream: null });
    expect(await handler(undefined).admit(asked)).toEqual(refused('unknown_channel'));
    expect(await handler(known, false).admit(asked)).toEqual(refused('unknown_channel'));
    expect(await handler(known).admit({ ...asked, callSid: 'CA2' })).toEqual(refused('bad_token'));
    expect(await handler(inactive).admit({ ...asked, token: 'x.y' })).toEqual(refused('bad_token'));
    expect(await handler(inactive).admit(asked)).toEqual(refused('inactive'));
  });
});
