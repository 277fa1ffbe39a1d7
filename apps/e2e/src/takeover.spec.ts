import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createAgent,
  getConversation,
  listConversations,
  listMessages,
  type Message,
  setUpChannel,
  takeOver,
} from '@parley/contracts';
import { type OpenAiServer, startOpenAiServer, until } from '@parley/testing';
import { clientOf, readDemo, sendCustom } from './demo.ts';
import { BareSocket, postFrame } from './socket.ts';

describe('A person who takes over while an answer is being written', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId } = demo;
  const called: { type: string; message?: Message }[] = [];
  let model: OpenAiServer;
  let callbacks: Server;
  let agentId = '';

  beforeAll(async () => {
    model = await startOpenAiServer();
    callbacks = createServer((request, response) => {
      void request.toArray().then((chunks: Buffer[]) => {
        called.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as (typeof called)[number]);
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => callbacks.listen(0, '127.0.0.1', () => resolve()));
    const made = await client.call(createAgent, {
      spaceId,
      name: 'Tess',
      model: { provider: 'openai-compatible', model: 'local', baseUrl: model.baseUrl },
      modelApiKey: null,
    });
    agentId = made.id;
  });

  afterAll(async () => {
    await model.close();
    callbacks.closeAllConnections();
    await new Promise((resolve) => callbacks.close(resolve));
  });

  /** The model begins an answer and goes on when it is let. */
  function holdAnswer(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    model.enqueueReplies({ kind: 'text', pieces: ['It is ', 'withheld.'], until: promise });
    return resolve;
  }

  async function openSession(channelId: string): Promise<string | undefined> {
    const response = await fetch(`${demo.baseUrl}/api/v1/widget/${channelId}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: demo.baseUrl },
      body: '{}',
    });
    return ((await response.json()) as { visitorToken?: string }).visitorToken;
  }

  async function messages(conversationId: string): Promise<Message[]> {
    return (await client.call(listMessages, { spaceId, conversationId, limit: 50 })).data;
  }

  async function expectWithheld(conversationId: string): Promise<Message> {
    const note = await until('the answer is a note', async () =>
      (await messages(conversationId)).find(({ internal }) => internal),
    );
    expect(note).toMatchObject({
      author: { type: 'agent', agentId },
      parts: [{ text: 'It is withheld.' }],
      metadata: { withheld: 'owner_changed' },
    });
    expect((await client.call(getConversation, { spaceId, conversationId })).owner).toBe('human');
    return note;
  }

  it('keeps it from a visitor who watches, to the end and from the first piece after', async () => {
    const { channel } = await client.call(setUpChannel, {
      spaceId,
      target: { agentId },
      channel: { deploymentType: 'WEB', channelIdentifier: demo.baseUrl, configuration: {} },
      activate: true,
    });
    const visitorToken = await until('the channel is known', () => openSession(channel.id));
    const socket = await new BareSocket(demo.baseUrl, { origin: demo.baseUrl }).authenticate(visitorToken);
    model.enqueueReplies({ kind: 'text', pieces: ['Hello.'] });
    socket.send(postFrame('Hello?'));
    const { conversationId } = (await socket.heard('posted')).message;
    socket.send({ type: 'subscribe', conversationId, afterSequence: 0 });
    await until('the first answer', async () => (await messages(conversationId)).length === 2);

    const release = holdAnswer();
    socket.send(postFrame('What time is it?', conversationId));
    expect(await socket.heard('delta', socket.frames.length)).toMatchObject({ text: 'It is ' });
    await client.call(takeOver, { spaceId, conversationId });
    const changed = await until('the visitor knows', () =>
      socket.frames.find((frame) => frame.type === 'event' && frame.name === 'conversation.owner_changed'),
    );
    release();
    const note = await expectWithheld(conversationId);
    await sleep(500);
    const after = socket.frames.slice(socket.frames.indexOf(changed) + 1);
    expect(after.filter(({ type }) => type === 'delta')).toEqual([]);
    expect(JSON.stringify(socket.frames)).not.toContain('withheld');
    const visitor = clientOf({ ...demo, apiKey: visitorToken });
    const seen = await visitor.call(listMessages, { spaceId, conversationId, limit: 50 });
    expect(seen.data.map(({ id }) => id)).not.toContain(note.id);
    socket.close();
  });

  it('keeps it from the channel', async () => {
    const { channel, credentials } = await client.call(setUpChannel, {
      spaceId,
      target: { agentId },
      channel: {
        deploymentType: 'CUSTOM',
        channelIdentifier: `takeover-${Date.now()}`,
        configuration: { callbackUrl: `http://127.0.0.1:${(callbacks.address() as AddressInfo).port}/` },
      },
      activate: true,
    });
    const sending = { channelId: channel.id, secret: credentials?.webhookSecret ?? '', sender: 'tia' };
    model.enqueueReplies({ kind: 'text', pieces: ['Hello.'] });
    const post = (messageId: string): Promise<boolean> =>
      sendCustom(demo.baseUrl, { ...sending, messageId, text: messageId }).then(
        ({ status }) => status === 202,
      );
    await until('the channel is known', () => post('tia-1'));
    await until('the first answer is delivered', () => called.length === 1);
    const { data } = await client.call(listConversations, { spaceId, channelId: channel.id, limit: 1 });
    const conversationId = data[0]?.id ?? '';

    const [release, before] = [holdAnswer(), model.requests.length];
    await post('tia-2');
    await until('the model is asked', () => model.requests.length > before);
    await client.call(takeOver, { spaceId, conversationId });
    release();
    const note = await expectWithheld(conversationId);
    await sleep(500);
    expect(called.map(({ message }) => message?.id)).not.toContain(note.id);
    expect(called).toHaveLength(1);
  });
});
