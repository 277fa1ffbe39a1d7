import {
  deleteChannel,
  type DeploymentChannel,
  getPhoneNumber,
  listChannelNumbers,
  listPhoneNumbers,
  setUpChannel,
  verifyChannel,
} from '@parley/contracts';
import { startTwilioServer, type TwilioServer } from '@parley/testing';
import { openSpace, type OwnSpace } from './people.ts';
import { readDemo } from './demo.ts';

/** The stack has no public address, so that nothing is written at the carrier: all up to there is as in earnest. */
describe('A phone channel over HTTP', () => {
  const numbers = ['+12125550111', '+12125550112', '+12125550113'];
  let space: OwnSpace;
  let twilio: TwilioServer;

  beforeAll(async () => {
    space = await openSpace(readDemo().baseUrl, 'Phone');
    twilio = await startTwilioServer({
      numbers: numbers.map((phone_number) => ({ phone_number })),
      pageSize: 2,
    });
    // The ids of an account's numbers are its own, in every run.
    for (const one of twilio.numbers)
      one.sid = `PN${twilio.accountSid.slice(2, 26)}${one.phone_number.slice(-8)}`;
  });
  afterAll(async () => {
    await twilio.close();
  });

  const setUp = async (phoneNumber: string, authToken = twilio.authToken): Promise<DeploymentChannel> => {
    const { accountSid, apiBaseUrl } = twilio;
    const { channel } = await space.ownerClient.call(setUpChannel, {
      spaceId: space.spaceId,
      channel: { deploymentType: 'CALLS', configuration: { apiBaseUrl } },
      phoneNumber,
      credentials: { accountSid, authToken },
      target: { agentId: space.agentId },
    });
    return channel;
  };

  it('finds its number, and says what is missing', async () => {
    const { ownerClient: client, spaceId } = space;
    const [number = ''] = numbers;
    const channel = await setUp(number);
    expect(channel).toMatchObject({ status: 'setup', provider: 'twilio', channelIdentifier: number });
    expect(channel.statusReason).toMatch(/PUBLIC_URL is not set/);
    expect(JSON.stringify(channel)).not.toContain(twilio.authToken);
    const { data } = await client.call(listPhoneNumbers, { spaceId });
    expect(data).toEqual([
      expect.objectContaining({ number, callsChannelId: channel.id, provider: 'twilio' }),
    ]);
    const phoneNumberId = data[0]?.id ?? '';
    expect(channel.configuration).toMatchObject({ phoneConfigurationId: phoneNumberId });
    const listed = await client.call(listChannelNumbers, { spaceId, channelId: channel.id });
    expect(listed.data.map((one) => [one.number, one.usable])).toEqual(numbers.map((one) => [one, true]));
    const second = await setUp(number);
    expect(second.status).toBe('error');
    expect(second.statusReason).toContain(`The channel ${channel.id} uses this number.`);
    await client.call(deleteChannel, { spaceId, channelId: channel.id });
    const taken = await client.call(verifyChannel, { spaceId, channelId: second.id });
    expect(taken.statusReason).toMatch(/PUBLIC_URL is not set/);
    await client.call(deleteChannel, { spaceId, channelId: second.id });
    await expect(client.call(getPhoneNumber, { spaceId, phoneNumberId })).rejects.toMatchObject({
      status: 404,
    });
    expect(twilio.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('is told that its credentials are wrong', async () => {
    const channel = await setUp(numbers[1] ?? '', 'not-the-token');
    expect(channel.status).toBe('error');
    expect(channel.statusReason).toMatch(/Twilio refuses the account SID and auth token/);
  });
});
