import { setTimeout as sleep } from 'node:timers/promises';
import {
  createConversation,
  deleteChannel,
  getConversation,
  handOff,
  type Message,
  searchKnowledge,
  setUpChannel,
  takeOver,
  updateChannel,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, messagesOf, readDemo, sendCustom } from './demo.ts';
import { pidOf } from './processes.ts';

const QUESTION = 'What happens to an event that fails again and again?';

describe('A custom channel', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const sending = { channelId: demo.customChannelId, secret: demo.customChannelSecret };
  const textOf = (message: Message | undefined): string =>
    message?.parts.map((part) => (part.type === 'text' ? part.text : '')).join('') ?? '';
  const answersTo = (messages: Message[], question: string): Message[] => {
    const asked = messages.filter((message) => textOf(message) === question);
    return messages.filter((message) => asked.some(({ id }) => message.replyTo === id));
  };
  const ask = (sender: string, messageId: string, text: string): Promise<Response> =>
    sendCustom(demo.baseUrl, { ...sending, sender, messageId, text });

  it('answers a question once, with a verbatim quote of the documentation, however often the webhook comes', async () => {
    for (let time = 0; time < 3; time += 1) {
      const response = await ask('ann', 'ann-1', QUESTION);
      expect(response.status).toBe(202);
      expect(await response.json()).toEqual({ messageId: 'ann-1' });
    }
    const messages = await until('an answer', async () => {
      const found = await messagesOf(client, demo, demo.customChannelId, 'ann');
      return answersTo(found, QUESTION).length > 0 && found;
    });
    expect(messages.filter((message) => textOf(message) === QUESTION)).toHaveLength(1);
    const answers = answersTo(messages, QUESTION);
    expect(answers).toHaveLength(1);
    const [citation] = answers[0]?.citations ?? [];
    const { data: hits } = await client.call(searchKnowledge, {
      spaceId: demo.spaceId,
      knowledgeBaseId: demo.knowledgeBaseId,
      q: QUESTION,
      limit: 50,
    });
    const passage = hits.find((hit) => hit.passageId === citation?.passageId);
    expect(passage?.text).toContain(citation?.quote);
    const sequences = messages.map((message) => message.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(sequences.length);
  });

  it('says that it does not know, offers a person, and tells people when that is accepted', async () => {
    const unknown = 'Which colour has the moon base cafeteria?';
    await ask('bob', 'bob-1', unknown);
    const declined = await until(
      'a decline',
      async () => answersTo(await messagesOf(client, demo, demo.customChannelId, 'bob'), unknown)[0],
    );
    expect(textOf(declined)).toMatch(/do not know.*person/);
    await ask('bob', 'bob-2', 'Yes, please');
    await until('a person owns it', async () => {
      const { owner } = await client.call(getConversation, {
        spaceId: demo.spaceId,
        conversationId: declined.conversationId,
      });
      return owner === 'human';
    });
    await until('an e-mail', async () => {
      const { data } = (await (await fetch(`${demo.mailUrl}/mails`)).json()) as { data: { to: string[] }[] };
      return data.some((mail) => mail.to.includes(demo.owner.email));
    });
  });

  it('tells people as well when somebody hands a conversation off by the API, once', async () => {
    const reason = `Handed off at ${Date.now()}`;
    const { id: conversationId } = await client.call(createConversation, {
      spaceId: demo.spaceId,
      participants: [{ agentId: demo.agentId }],
    });
    await client.call(handOff, { spaceId: demo.spaceId, conversationId, reason });
    const mails = async (): Promise<unknown[]> => {
      const { data } = (await (await fetch(`${demo.mailUrl}/mails`)).json()) as { data: { to: string[] }[] };
      return data.filter((mail) => JSON.stringify(mail).includes(reason));
    };
    await until('an e-mail', async () => (await mails()).length > 0);
    await client.call(handOff, { spaceId: demo.spaceId, conversationId, reason });
    await client.call(takeOver, { spaceId: demo.spaceId, conversationId });
    await sleep(1000);
    expect(await mails()).toHaveLength(1);
  });

  it('takes messages from the moment its set-up is answered, and under a new secret from the moment of its change', async () => {
    const { spaceId, flowId } = demo;
    for (let time = 0; time < 5; time += 1) {
      const { channel, credentials } = await client.call(setUpChannel, {
        spaceId,
        channel: { deploymentType: 'CUSTOM', channelIdentifier: `At once ${time}`, configuration: {} },
        target: { flowId },
      });
      const channelId = channel.id;
      const post = { channelId, sender: 'zoe', text: 'Is anybody there?' };
      const secret = credentials?.webhookSecret ?? '';
      const first = await sendCustom(demo.baseUrl, { ...post, secret, messageId: 'zoe-1' });
      const webhookSecret = `whsec_${Buffer.alloc(32, time + 1).toString('base64')}`;
      await client.call(updateChannel, { spaceId, channelId, credentials: { webhookSecret } });
      const second = { ...post, secret: webhookSecret, messageId: 'zoe-2' };
      const statuses = [first.status, (await sendCustom(demo.baseUrl, second)).status];
      expect(statuses).toEqual([202, 202]);
      await client.call(deleteChannel, { spaceId, channelId });
    }
  });

  it.each([
    ['another secret', { secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }, 401],
    ['an old signature', { at: new Date(Date.now() - 6 * 60_000) }, 401],
    ['an unknown channel', { channelId: 'chan_unknown' }, 404],
  ])('refuses %s', async (_what, change, status) => {
    const response = await sendCustom(demo.baseUrl, {
      ...sending,
      sender: 'eve',
      messageId: 'eve-1',
      text: 'Let me in',
      ...change,
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await messagesOf(client, demo, demo.customChannelId, 'eve')).toEqual([]);
  });

  it.each(['conversation', 'flow-engine', 'channel-gateway'])(
    'answers once although %s is killed between question and answer',
    async (service) => {
      const sender = `kim-${service}`;
      await until(
        'the gateway takes it',
        async () => (await ask(sender, `${sender}-1`, QUESTION).catch(() => null))?.status === 202,
      );
      process.kill(pidOf(service), 'SIGKILL');
      const read = (): Promise<Message[]> =>
        messagesOf(client, demo, demo.customChannelId, sender).catch(() => []);
      await until('an answer', async () => answersTo(await read(), QUESTION).length > 0);
      await until(
        'everything is ready again',
        async () => (await fetch(`${demo.baseUrl}/readyz?all=1`).catch(() => null))?.ok,
      );
      const messages = await read();
      expect(answersTo(messages, QUESTION)).toHaveLength(1);
      expect(messages.filter((message) => textOf(message) === QUESTION)).toHaveLength(1);
    },
  );
});
