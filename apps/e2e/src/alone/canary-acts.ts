import { randomBytes, randomUUID } from 'node:crypto';
import { type Client, createClient } from '@parley/client';
import {
  beginUpload,
  completeUpload,
  createApiKey,
  createConversation,
  createSessionUrl,
  handOff,
  listMessages,
  setUpChannel,
  verifyEmail,
} from '@parley/contracts';
import { startTwilioServer, until } from '@parley/testing';
import { WebSocket } from 'ws';
import { send } from '../calls.ts';
import { type Demo, sendCustom } from '../demo.ts';
import { mailedToken, signUpAs } from '../people.ts';
import { BareSocket, postFrame } from '../socket.ts';
import { openSession } from '../spoken-calls.ts';
import type { Canaries } from './canaries.ts';

/** Where it is done. */
interface Place {
  demo: Demo;
  client: Client;
  canaries: Canaries;
}

const word = (): string => `canary${randomBytes(9).toString('hex')}`;

/** Somebody signs up, in, wrongly, and makes a key that is used well and badly. */
export async function signInAndOut({ demo, client, canaries }: Place): Promise<void> {
  const { baseUrl, spaceId, owner } = demo;
  canaries.add('the key of the demo', demo.apiKey);
  const { accessToken, refreshToken, account } = await signUpAs(baseUrl, 'Canary');
  canaries.add('an access token', accessToken);
  canaries.add('a refresh token', refreshToken);
  canaries.add('a mail address', account.email);
  const mailed = await mailedToken(demo.mailUrl, 'verify_email', account.email);
  canaries.add('the token of a mail', mailed.split('.')[1]);
  await createClient({ baseUrl }).call(verifyEmail, { token: mailed });
  const wrong = word();
  canaries.add('a wrong password', wrong);
  for (const credentials of [owner, { email: account.email, password: wrong }])
    await send(`${baseUrl}/api/v1/auth/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(credentials),
    });
  canaries.add("the owner's password", owner.password);
  const { key } = await client.call(createApiKey, { spaceId, name: 'Canary', role: 'agent' });
  canaries.add('an API key', key);
  const list = `${baseUrl}/api/v1/spaces/${spaceId}/conversations`;
  for (const token of [key, `${key}x`]) await send(list, { headers: { authorization: `Bearer ${token}` } });
  await send(`${list}?token=${key}&access_token=${accessToken}`, {});
  await createClient({ baseUrl, token: key })
    .call(listMessages, { spaceId, conversationId: 'conv_none' })
    .catch(() => null);
}

/** A visitor writes on a page, and a customer through a channel of one's own. */
export async function chat({ demo, client, canaries }: Place): Promise<void> {
  const { spaceId, baseUrl, customChannelId, customChannelSecret } = demo;
  const session = await openSession(demo);
  canaries.add("a visitor's token", session.visitorToken);
  canaries.add("a participant's token", session.participantToken);
  const text = `My secret is ${word()}`;
  canaries.add('what a visitor typed', text);
  const socket = await new BareSocket(baseUrl, { origin: baseUrl }).authenticate(session.visitorToken);
  socket.send(postFrame(text));
  await socket.heard('posted');
  socket.send({ type: 'post', id: text, parts: text });
  await socket.heard('error');
  socket.close();
  const sending = {
    channelId: customChannelId,
    messageId: randomUUID(),
    sender: '+14155557377',
    text: word(),
  };
  canaries.add('what a customer wrote', sending.text);
  canaries.add('the number of a customer', '4155557377');
  canaries.add('the secret of a channel', customChannelSecret.replace('whsec_', ''));
  await sendCustom(baseUrl, { ...sending, secret: customChannelSecret });
  await sendCustom(baseUrl, { ...sending, secret: `whsec_${Buffer.from(word()).toString('base64')}` });
  const { url } = await client.call(createSessionUrl, { spaceId, channelId: demo.webChannelId });
  canaries.add('the token of a session', new URL(url).searchParams.get('session') ?? undefined);
  // The first is let in, the second is not.
  for (let time = 1; time <= 2; time += 1) {
    const session = new WebSocket(url);
    await new Promise((resolve) =>
      session.once('message', resolve).once('error', resolve).once('close', resolve),
    );
    session.terminate();
  }
}

/** A conversation is handed off, and people are told by e-mail. */
export async function handOffByMail({ demo, client, canaries }: Place): Promise<void> {
  const { spaceId } = demo;
  const reason = word();
  canaries.add('the reason of a hand-off', reason);
  canaries.add("the owner's address", demo.owner.email);
  const participants = [{ agentId: demo.agentId }];
  const { id: conversationId } = await client.call(createConversation, { spaceId, participants });
  await client.call(handOff, { spaceId, conversationId, reason });
  await until('an e-mail', async () =>
    (await (await fetch(`${demo.mailUrl}/mails`)).text()).includes(reason),
  );
}

/** A file goes up and comes down. */
export async function sendFile({ demo, client, canaries }: Place): Promise<void> {
  const { spaceId, baseUrl, apiKey } = demo;
  const body = Buffer.from(`The code is ${word()}`);
  canaries.add('what a file holds', body.toString());
  const file = { fileName: `${word()}.txt`, contentType: 'text/plain', size: body.length };
  canaries.add('the name of a file', file.fileName);
  const { asset, upload } = await client.call(beginUpload, { spaceId, ...file });
  canaries.add('the signature of an upload', signatureOf(upload.url));
  // What is not there yet, and what S3 refuses, is told of as well.
  await client.call(completeUpload, { spaceId, assetId: asset.id }).catch(() => null);
  await fetch(upload.url, { method: 'PUT', body: 'x', headers: { 'content-type': 'text/html' } });
  await fetch(upload.url, { method: upload.method, body, headers: { 'content-type': 'text/plain' } });
  await client.call(completeUpload, { spaceId, assetId: asset.id });
  const download = `${baseUrl}/api/v1/spaces/${spaceId}/assets/${asset.id}/download`;
  const headers = { authorization: `Bearer ${apiKey}` };
  const redirect = await fetch(download, { headers, redirect: 'manual' });
  canaries.add('the signature of a download', signatureOf(redirect.headers.get('location') ?? ''));
}

/** Numbers are set up with what a carrier refuses, says in its own words, and does not understand. */
export async function setUpWrongly({ demo, client, canaries }: Place): Promise<void> {
  const number = '+14155557488';
  canaries.add('the number of a set-up', number.slice(1));
  const carrier = await startTwilioServer({ numbers: [{ phone_number: number }] });
  const { accountSid, authToken } = carrier;
  const wrong = randomBytes(16).toString('hex');
  canaries.add('a wrong auth token', wrong);
  canaries.add('the auth token of a set-up', authToken);
  canaries.add('the credentials of a set-up', `${accountSid}:${authToken}`);
  const message = `${number} of ${authToken} is refused`;
  for (const token of [wrong, authToken]) {
    carrier.fail(
      'IncomingPhoneNumbers',
      { kind: 'error', status: 500, code: 20500, message },
      { kind: 'malformed' },
    );
    await client
      .call(setUpChannel, {
        spaceId: demo.spaceId,
        channel: {
          deploymentType: 'CALLS',
          channelName: 'Wrong',
          provider: 'twilio',
          configuration: { apiBaseUrl: carrier.apiBaseUrl },
        },
        phoneNumber: number,
        credentials: { accountSid, authToken: token },
        target: { agentId: demo.agentId },
      })
      .catch(() => null);
  }
  await carrier.close();
}

function signatureOf(url: string): string | undefined {
  return new URL(url).searchParams.get('X-Amz-Signature') ?? undefined;
}
