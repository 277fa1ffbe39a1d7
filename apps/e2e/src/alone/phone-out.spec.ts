import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@parley/client';
import {
  type Call,
  getContact,
  getConversation,
  hangUpCall,
  placeCall,
  postMessage,
} from '@parley/contracts';
import { synthesize, until } from '@parley/testing';
import {
  documentationSentences,
  SpeechRecogniser,
  PHONE_RATE,
  type PhoneCaller,
} from '@parley/testing/voice';
import { clientOf, type Demo } from '../demo.ts';
import { allReady } from '../processes.ts';
import { inRealTime } from '../real-time.ts';
import { conversationOf, endedCall, historyOf, textOf } from '../spoken-calls.ts';
import { OwnStack } from './own-stack.ts';
import { type FarEnd, PhoneLine } from './phone-calls.ts';

inRealTime();

const QUESTION = 'How do I add a channel?';
const ANNOUNCEMENT = 'This call is recorded.';
/** What the numbers begin with that are called. */
const NUMBERS = '+141555503';
/** What is asked for is begun, looked for and tried again within that time. */
const PATIENCE_MS = 30_000;

const numberOf = (count: number): string => `${NUMBERS}${String(count).padStart(2, '0')}`;

describe('a call that the platform places', () => {
  let stack: OwnStack;
  let demo: Demo;
  let client: Client;
  let hearing: SpeechRecogniser;
  let line: PhoneLine;
  let caller: PhoneCaller | undefined;
  let placed = 0;

  beforeAll(async () => {
    stack = await OwnStack.start();
    ({ demo } = stack);
    client = clientOf(demo);
    hearing = new SpeechRecogniser();
    line = await PhoneLine.open(client, demo);
  }, 320_000);
  afterEach(() => caller?.stream.dropConnection());
  afterAll(async () => {
    await hearing.close();
    await line.carrier.close();
    await stack.stop();
  }, 60_000);

  /** Asks for a call to a number of its own. */
  async function place(change: object = {}, idempotencyKey?: string): Promise<Call> {
    placed += 1;
    const input = { spaceId: demo.spaceId, channelId: line.channel.id, to: numberOf(placed), ...change };
    return client.call(placeCall, input, idempotencyKey ? { idempotencyKey } : {});
  }

  async function ring(change: object = {}): Promise<{ callId: string; end: FarEnd }> {
    const { id: callId } = await place(change);
    const end = await line.dialled(callId);
    for (const status of ['initiated', 'ringing']) await end.tell(status);
    return { callId, end };
  }

  const ended = (callId: string): Promise<Call> => endedCall(client, demo, callId);

  it('rings, greets whoever takes up, answers, is hung up by the API, and goes on in writing', async () => {
    const to = numberOf(0);
    const call = await place({ to, ringSeconds: 30 }, 'order-4711');
    expect(call).toMatchObject({ phase: 'ringing', direction: 'outbound', from: '+14155550199', to });
    expect(await place({ to, ringSeconds: 30 }, 'order-4711')).toEqual(call);
    const { id: callId } = call;
    const end = await line.dialled(callId);
    for (const status of ['initiated', 'ringing', 'ringing']) await end.tell(status);

    const began = performance.now();
    caller = await end.answer();
    await end.tell('in-progress');
    const greeting = await caller.received.speechAfter(began);
    const conversationId = await conversationOf(client, demo, callId);
    const first = await until('the greeting', async () => (await historyOf(client, demo, conversationId))[0]);
    const announced = `${ANNOUNCEMENT} ${textOf(first)}`;
    const choices = [announced, textOf(first), ...documentationSentences(24)];
    expect(await hearing.recognise(greeting.samples, PHONE_RATE, choices)).toBe(announced);

    const asked = await caller.speak(await synthesize(QUESTION, { sampleRate: PHONE_RATE }));
    await until('the answer is heard', () => caller?.received.onsetAfter(asked));
    const history = await until('the answer is there', async () => {
      const all = await historyOf(client, demo, conversationId);
      const question = all.find(({ author }) => author.type === 'contact');
      return all.some(({ replyTo }) => replyTo !== null && replyTo === question?.id) ? all : null;
    });
    expect(history.map(({ author }) => author.type)).toEqual(['agent', 'contact', 'agent']);
    expect(textOf(history[1])).toBe(QUESTION);

    await client.call(hangUpCall, { spaceId: demo.spaceId, callId });
    expect(await caller.stream.closed).toBe(1000);
    await end.tell('completed');
    expect(await ended(callId)).toMatchObject({ cause: 'hung_up_by_api', conversationId, reason: null });
    expect(line.asked(callId)).toHaveLength(1);

    const { contactId } = await until('the conversation rests', async () => {
      const one = await client.call(getConversation, { spaceId: demo.spaceId, conversationId });
      return one.status === 'paused' ? one : null;
    });
    const contact = await client.call(getContact, { spaceId: demo.spaceId, contactId: contactId ?? '' });
    expect(contact.identities).toEqual([expect.objectContaining({ type: 'phone', value: to })]);
    const parts = [{ type: 'text' as const, text: 'We sent you the guide.' }];
    await client.call(postMessage, { spaceId: demo.spaceId, conversationId, parts });
    expect(textOf((await historyOf(client, demo, conversationId)).at(-1))).toBe('We sent you the guide.');
  }, 120_000);

  it.each([
    ['busy', {}, { cause: 'busy', reason: null }],
    ['no-answer', {}, { cause: 'no_answer', reason: null }],
    ['failed', {}, { cause: 'failed', reason: expect.stringMatching(/number is right/) as string }],
  ])('ends with what the carrier tells: %s', async (status, more, ending) => {
    const { callId, end } = await ring();
    await end.tell(status, more);
    expect(await ended(callId)).toMatchObject({ ...ending, conversationId: null, answeredAt: null });
    await end.tell('completed');
    expect(await ended(callId)).toMatchObject(ending);
  });

  it('hangs up on a machine where it listens for one', async () => {
    const { callId, end } = await ring({ detectMachine: true });
    expect(end.call.asked['MachineDetection']).toEqual(['Enable']);
    expect(await end.takeUp({ AnsweredBy: 'machine_start' })).toContain('<Hangup/>');
    expect(await ended(callId)).toMatchObject({ cause: 'machine' });
  });

  it('is let go at the carrier when the API hangs up while it rings', async () => {
    const { callId, end } = await ring();
    await client.call(hangUpCall, { spaceId: demo.spaceId, callId });
    await until('the carrier lets it go', () => end.call.status === 'canceled');
    await end.tell('canceled');
    expect(await ended(callId)).toMatchObject({ cause: 'hung_up_by_api' });
  });

  it('is refused in words where it cannot be: the number, the channel, the space', async () => {
    const before = line.carrier.calls.length;
    await expect(place({ to: '0711 4711' })).rejects.toMatchObject({ status: 400 });
    await expect(place({ to: '+9991234567' })).rejects.toMatchObject({ status: 400 });
    await expect(place({ channelId: demo.webChannelId })).rejects.toMatchObject({ status: 422 });
    await expect(place({ channelId: 'chan_none' })).rejects.toMatchObject({ status: 404 });
    await expect(place({ target: { agentId: 'agent_none' } })).rejects.toMatchObject({ status: 422 });
    const other = clientOf({ ...demo, ...demo.other });
    const foreign = { spaceId: demo.other.spaceId, channelId: line.channel.id, to: numberOf(0) };
    await expect(other.call(placeCall, foreign)).rejects.toMatchObject({ status: 404 });
    expect(line.carrier.calls).toHaveLength(before);
  });

  it('is dialled once although the gateway is killed before the carrier has answered', async () => {
    line.carrier.fail('/Calls.json', { kind: 'done_but_silent' });
    const { id: callId } = await place();
    const end = await line.dialled(callId);
    process.kill(stack.pidOf('channel-gateway'), 'SIGKILL');
    await allReady(demo.baseUrl);
    // The carrier's news come before it is found in the carrier's list.
    await end.tell('ringing');
    const lists = (): number =>
      line.carrier.requests.filter((one) => one.method === 'GET' && one.path.endsWith('/Calls.json')).length;
    await until('the call is looked for', () => lists() > 0, PATIENCE_MS);
    const taken = performance.now();
    caller = await end.answer();
    await caller.received.speechAfter(taken);
    caller.stream.hangUp();
    expect(await ended(callId)).toMatchObject({ cause: 'caller_left' });
    expect(line.asked(callId)).toHaveLength(1);
  }, 90_000);

  it('is dialled once although telephony is killed right behind the request', async () => {
    const { id: callId } = await place();
    process.kill(stack.pidOf('telephony'), 'SIGKILL');
    const end = await until('the carrier is asked', () => line.dialled(callId), PATIENCE_MS);
    await allReady(demo.baseUrl);
    await end.tell('busy');
    expect(await ended(callId)).toMatchObject({ cause: 'busy' });
    expect(line.asked(callId)).toHaveLength(1);
  }, 60_000);

  it('leaves neither number nor token in the logs', () => {
    const folder = join(stack.home, 'logs');
    const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const text = logs.join('\n');
    expect(text.length).toBeGreaterThan(1000);
    for (const secret of [NUMBERS, encodeURIComponent(NUMBERS), line.carrier.authToken])
      expect(text).not.toContain(secret);
  });
});
