import { randomUUID } from 'node:crypto';
import {
  createConversation,
  createRoom,
  createRule,
  deactivateChannel,
  listCalls,
  listDeliveries,
  listMessages,
  listNotifications,
  type OperationDefinition,
  pathParameters,
  postMessage,
  setUpChannel,
} from '@parley/contracts';
import { startTwilioServer, until } from '@parley/testing';
import { call, idsIn, inputsFor, overHttp } from './calls.ts';
import { sendCustom } from './demo.ts';
import type { OwnSpace } from './people.ts';
import { placeCall } from './spoken-calls.ts';

/** Makes one of everything that can be made in a space, collections first. */
export async function populate(space: OwnSpace): Promise<void> {
  const { baseUrl, spaceId, agentId, owner, ownerClient } = space;
  await haveNumber(space);
  const depth = ({ http }: OperationDefinition): number => pathParameters(http?.path ?? '').length;
  const making = overHttp.filter(
    ({ http }) => http?.path.startsWith('/spaces/:') && http.method === 'POST' && (http.status ?? 200) > 200,
  );
  for (const operation of making.sort((a, b) => depth(a) - depth(b))) {
    const ids = await (await idsIn(baseUrl, { token: owner.token ?? '', spaceId }))(operation);
    for (const fields of inputsFor(operation)) {
      const { status } = await call(baseUrl, operation, { token: owner.token, ids, fields });
      if (status < 300) break;
    }
  }
  // What is made after it is newer than the call's conversation, in which perhaps nothing was said.
  await haveCall(space);
  await ownerClient.call(createRule, {
    spaceId,
    name: 'Tell the owner',
    event: 'flow.handoff_requested',
    media: ['inbox'],
    roles: ['owner'],
  });
  const participants = [{ agentId }];
  const { id: conversationId } = await ownerClient.call(createConversation, { spaceId, participants });
  const say = (text: string): Promise<unknown> =>
    ownerClient.call(postMessage, { spaceId, conversationId, parts: [{ type: 'text', text }] });
  await say('Which colour has the moon base cafeteria?');
  await until('a person is offered', async () => {
    const { data } = await ownerClient.call(listMessages, { spaceId, conversationId });
    return data.some(({ author, replyTo }) => author.type === 'agent' && replyTo !== null);
  });
  await say('Yes, please');
  await until(
    'the owner is told',
    async () => (await ownerClient.call(listNotifications, { spaceId })).data.length > 0,
  );
  await ownerClient.call(createRoom, { spaceId, participants });
}

/** A visitor calls and leaves again. */
async function haveCall(space: OwnSpace): Promise<void> {
  const { caller, callId } = await placeCall(space);
  const found = async (): Promise<string | undefined> => {
    const { data } = await space.ownerClient.call(listCalls, { spaceId: space.spaceId });
    return data.find(({ id }) => id === callId)?.phase;
  };
  await until('the call is known', async () => (await found()) !== undefined, 30_000);
  await caller.leave();
  await until('the call has ended', async () => (await found()) === 'ended', 30_000);
}

/** A channel takes a number at its carrier, and rests; a web channel is the newest again. */
async function haveNumber(space: OwnSpace): Promise<void> {
  const { ownerClient, spaceId } = space;
  const number = '+12125550100';
  const twilio = await startTwilioServer({ numbers: [{ phone_number: number }] });
  const { accountSid, authToken, apiBaseUrl } = twilio;
  // Its number is its own in every run.
  for (const one of twilio.numbers) one.sid = `PN${randomUUID().replaceAll('-', '')}`;
  try {
    const { channel } = await ownerClient.call(setUpChannel, {
      spaceId,
      channel: { deploymentType: 'CALLS', provider: 'twilio', configuration: { apiBaseUrl } },
      phoneNumber: number,
      credentials: { accountSid, authToken },
    });
    await ownerClient.call(deactivateChannel, { spaceId, channelId: channel.id });
  } finally {
    await twilio.close();
  }
  await haveDelivery(space);
  await ownerClient.call(setUpChannel, {
    spaceId,
    channel: { deploymentType: 'WEB', channelIdentifier: 'https://example.com', configuration: {} },
  });
}

/** An answer is on its way to a custom channel whose callback is not there. */
async function haveDelivery({ baseUrl, ownerClient, spaceId, agentId }: OwnSpace): Promise<void> {
  const { channel, credentials } = await ownerClient.call(setUpChannel, {
    spaceId,
    channel: {
      deploymentType: 'CUSTOM',
      channelIdentifier: 'deliveries',
      configuration: { callbackUrl: 'https://callback.invalid/messages' },
    },
    target: { agentId },
    activate: true,
  });
  const sending = { channelId: channel.id, secret: credentials?.webhookSecret ?? '', sender: 'dora' };
  const message = { messageId: 'dora-1', text: 'Which colour has the moon base cafeteria?' };
  await until(
    'the question is accepted',
    async () => (await sendCustom(baseUrl, { ...sending, ...message })).status === 202,
  );
  await until('a delivery', async () => {
    const { data } = await ownerClient.call(listDeliveries, { spaceId, channelId: channel.id });
    return data.length > 0;
  });
}
