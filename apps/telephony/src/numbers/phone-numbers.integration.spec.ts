import {
  claimPhoneNumber,
  getPhoneNumber,
  listPhoneNumbers,
  newId,
  type OperationRequest,
  releasePhoneNumber,
} from '@parley/contracts';
import { openBench, type TelephonyBench } from '../../test/bench.ts';

let bench: TelephonyBench;

beforeAll(async () => {
  bench = await openBench();
}, 120_000);
afterAll(async () => {
  await bench.close();
});

const numbers = { drawn: 0 };
type Claim = Omit<OperationRequest<typeof claimPhoneNumber>, 'spaceId'>;

/** A number that no other story has, wanted by a channel of its own. */
function claim(change: Partial<Claim> = {}): Claim {
  numbers.drawn += 1;
  return {
    channelId: newId('chan'),
    use: 'calls',
    number: `+1212555${1000 + numbers.drawn}`,
    provider: 'twilio',
    providerNumberId: `PN${newId('phone')}`,
    capabilities: { voice: true, sms: true, mms: false, fax: false },
    ...change,
  };
}

const take = async (wanted: Claim, spaceId = bench.spaceId) =>
  (await bench.call(claimPhoneNumber, { ...wanted, spaceId })).phoneConfigurationId;

describe('A phone number', () => {
  it('belongs to the channel that has taken it, which keeps it however often it asks', async () => {
    const wanted = claim();
    const id = await take(wanted);
    expect(id).toMatch(/^phone_/);
    expect(await take({ ...wanted, capabilities: { ...wanted.capabilities, mms: true } })).toBe(id);
    expect(await bench.call(getPhoneNumber, { phoneNumberId: id })).toMatchObject({
      id,
      number: wanted.number,
      provider: 'twilio',
      providerNumberId: wanted.providerNumberId,
      capabilities: { voice: true, sms: true, mms: true, fax: false },
      callsChannelId: wanted.channelId,
      messagesChannelId: null,
    });
    const { data } = await bench.call(listPhoneNumbers, { limit: 1 });
    expect(data.map((one) => one.id)).toEqual([id]);
  });

  it('is refused to another channel, by the name of the one that has it, until that one gives it back', async () => {
    const wanted = claim();
    await take(wanted);
    const other = { ...wanted, channelId: newId('chan') };
    await expect(take(other)).rejects.toMatchObject({
      status: 409,
      code: 'number_in_use',
      message: expect.stringContaining(`The channel ${wanted.channelId} uses this number.`),
    });
    await bench.call(releasePhoneNumber, { channelId: wanted.channelId });
    await take(other);
  });

  it('has one channel for calls and one for messages, and is known as long as either has it', async () => {
    const wanted = claim();
    const messages: Claim = { ...wanted, channelId: newId('chan'), use: 'messages' };
    const id = await take(wanted);
    expect(await take(messages)).toBe(id);
    await bench.call(releasePhoneNumber, { channelId: wanted.channelId });
    expect(await bench.call(getPhoneNumber, { phoneNumberId: id })).toMatchObject({
      callsChannelId: null,
      messagesChannelId: messages.channelId,
    });
    await bench.call(releasePhoneNumber, { channelId: messages.channelId });
    await expect(bench.call(getPhoneNumber, { phoneNumberId: id })).rejects.toMatchObject({ status: 404 });
  });

  it('is left when its channel takes another one', async () => {
    const first = claim();
    const id = await take(first);
    await take(claim({ channelId: first.channelId }));
    await expect(bench.call(getPhoneNumber, { phoneNumberId: id })).rejects.toMatchObject({ status: 404 });
  });

  it('rings in one space, and tells no other who has it', async () => {
    const wanted = claim();
    const id = await take(wanted);
    const elsewhere = take({ ...wanted, channelId: newId('chan') }, bench.otherSpaceId);
    await expect(elsewhere).rejects.toMatchObject({
      status: 409,
      code: 'number_in_use',
      message: expect.stringMatching(/^A channel of another space uses this number/),
    });
    await expect(
      bench.call(getPhoneNumber, { phoneNumberId: id, spaceId: bench.otherSpaceId }),
    ).rejects.toMatchObject({ status: 404 });
    await bench.call(releasePhoneNumber, { channelId: wanted.channelId, spaceId: bench.otherSpaceId });
    expect((await bench.call(getPhoneNumber, { phoneNumberId: id })).callsChannelId).toBe(wanted.channelId);
  });

  it('is given to one of many that want it at once', async () => {
    const wanted = claim();
    const asked = Array.from({ length: 10 }, () => take({ ...wanted, channelId: newId('chan') }));
    const results = await Promise.allSettled(asked);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(9);
  });

  it('is listed in pages, whose cursor is no other than a list gave', async () => {
    await take(claim());
    await take(claim());
    const first = await bench.call(listPhoneNumbers, { limit: 1 });
    const second = await bench.call(listPhoneNumbers, { limit: 1, cursor: first.nextCursor ?? '' });
    expect(second.data[0]?.id).not.toBe(first.data[0]?.id);
    await expect(bench.call(listPhoneNumbers, { cursor: 'x' })).rejects.toMatchObject({ status: 400 });
  });
});
