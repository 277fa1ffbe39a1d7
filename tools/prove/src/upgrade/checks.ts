import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@parley/testing';
import twilio from 'twilio';
import { type FarEnds, PHONE_NUMBER, postCustom } from './far-ends.ts';
import { type Filled, QUESTION } from './fill.ts';
import { Api, type Json, textAt } from './http-api.ts';
import type { UpgradeDemo } from './version.ts';
import { askAsVisitor } from './visitor.ts';

/** What the checks of an upgraded installation work with. */
export interface Upgraded {
  demo: UpgradeDemo;
  filled: Filled;
  ends: FarEnds;
  owner: Api;
}

/** One thing that has to work after the upgrade; throws what is wrong, or tells what it found. */
export interface Check {
  name: string;
  run(upgraded: Upgraded): Promise<string>;
}

const MERGE_MS = 120_000;
const ANSWER_MS = 60_000;

/** Every check, in the order in which they run. */
export const checks: readonly Check[] = [
  { name: 'People sign in, and sessions go on', run: signIn },
  { name: 'API keys work, each with its role', run: keysWork },
  { name: 'Contacts that are one person are merged, others are not', run: contactsMerged },
  { name: 'Direct rooms are private', run: directRoomsPrivate },
  { name: 'What was in flight is answered once', run: inFlightAnswered },
  { name: 'A custom channel takes a signed message and answers', run: customAnswers },
  { name: 'A webhook with a bad signature is refused', run: badSignatureRefused },
  { name: 'A flow that waited goes on', run: flowGoesOn },
  { name: 'A phone channel takes a call, and its credentials are those of the carrier', run: phoneRings },
  { name: 'A visitor comes back and is answered', run: visitorComesBack },
  { name: 'Documents are found', run: documentFound },
  { name: 'Files are there', run: filesThere },
  { name: 'Notifications go out', run: notificationsGo },
  { name: 'A new contact with a known number is refused, naming the known one', run: identityTaken },
];

async function signIn({ demo, filled }: Upgraded): Promise<string> {
  const anybody = new Api(demo.baseUrl, null);
  for (const { email, password, refreshToken } of Object.values(filled.people)) {
    const session = await anybody.post('/auth/sign-in', { email, password });
    const renewed = await anybody.post('/auth/refresh', { refreshToken });
    for (const token of [session, renewed].map((one) => textAt(one, 'accessToken')))
      expectEqual('the e-mail address of /me', textAt(await mine(anybody.as(token)), 'email'), email);
  }
  return `${Object.keys(filled.people).length + 1} people, ${Object.keys(filled.people).length} sessions`;
}

async function mine(api: Api): Promise<Json> {
  const me = await api.get('/me');
  return (me['account'] as Json | undefined) ?? me;
}

async function keysWork({ demo, filled }: Upgraded): Promise<string> {
  const space = `/spaces/${filled.spaceId}`;
  const keys = [
    ...filled.keys,
    { role: 'agent', key: filled.serviceKey },
    { role: 'admin', key: demo.apiKey },
  ];
  for (const { role, key } of keys) {
    const api = new Api(demo.baseUrl, key);
    expectEqual(`a list read with the key of ${role}`, (await api.ask('GET', `${space}/agents`)).status, 200);
    const made = await api.ask('POST', `${space}/agents`, { name: `Made by ${role}` });
    expectEqual(`an agent made with the key of ${role}`, made.status, role === 'admin' ? 201 : 403);
  }
  const other = await new Api(demo.baseUrl, demo.other.apiKey).ask('GET', `${space}/agents`);
  expectEqual('a foreign key', other.status, 404);
  return `${keys.length} keys, and a foreign one is refused`;
}

async function contactsMerged({ filled, owner }: Upgraded): Promise<string> {
  const read = (id: string): Promise<Json> => owner.get(`/spaces/${filled.spaceId}/contacts/${id}`);
  for (const [oldest = '', ...others] of filled.duplicates) {
    for (const id of others)
      await until(`contact ${id} is merged`, async () => (await read(id))['mergedInto'] === oldest, MERGE_MS);
    const { mergedInto, identities } = await read(oldest);
    expectEqual('mergedInto of the oldest', mergedInto ?? null, null);
    expectEqual('identities of the oldest', (identities as Json[]).length, 1);
    const conversations = await owner.list(`/spaces/${filled.spaceId}/conversations?contactId=${oldest}`);
    expectEqual('conversations of the oldest', conversations.length, others.length + 1);
  }
  for (const id of filled.apart)
    expectEqual('mergedInto of another', (await read(id))['mergedInto'] ?? null, null);
  return `${filled.duplicates.flat().length} contacts are ${filled.duplicates.length}`;
}

async function directRoomsPrivate({ demo, filled, owner }: Upgraded): Promise<string> {
  const space = `/spaces/${filled.spaceId}`;
  const { conversationId, roomId, text } = filled.direct;
  const messages = `${space}/conversations/${conversationId}/messages`;
  const anybody = new Api(demo.baseUrl, null);
  const { email, password } = filled.people.mia;
  const mia = anybody.as(textAt(await anybody.post('/auth/sign-in', { email, password }), 'accessToken'));
  for (const [who, api] of [
    ['the owner, who takes part', owner],
    ['the other participant', mia],
  ] as const)
    expectEqual(`what ${who} reads`, JSON.stringify(await api.get(messages)).includes(text), true);
  const theo = filled.people.theo;
  const session = await anybody.post('/auth/sign-in', { email: theo.email, password: theo.password });
  const strangers = [textAt(session, 'accessToken'), ...filled.keys.map(({ key }) => key), demo.apiKey];
  const paths = [
    messages,
    `${space}/conversations/${conversationId}/events`,
    `${space}/conversations?limit=200`,
  ];
  paths.push(`${space}/search?q=Between`, `${space}/rooms/${roomId}/conversations`);
  for (const api of strangers.map((token) => anybody.as(token))) {
    for (const path of paths) {
      const { body } = await api.ask('GET', path);
      expectEqual(`the text in ${path} for a stranger`, JSON.stringify(body).includes(text), false);
    }
    const posted = await api.ask('POST', messages, { parts: [{ type: 'text', text: 'Let me in' }] });
    expectEqual("a stranger's message is refused", posted.status >= 400 && posted.status < 500, true);
  }
  return `${strangers.length} strangers see nothing at ${paths.length} places`;
}

async function inFlightAnswered({ filled, ends }: Upgraded): Promise<string> {
  const answersTo = (id: string): Set<string> =>
    new Set(ends.delivered.filter(({ inReplyTo }) => inReplyTo === id).map(({ messageId }) => messageId));
  await until('all are answered', () => filled.inFlight.every((id) => answersTo(id).size > 0), ANSWER_MS);
  // A second answer would come late.
  await sleep(3000);
  const twice = filled.inFlight.filter((id) => answersTo(id).size !== 1);
  expectEqual('messages with several answers', twice.length, 0);
  expectEqual('callbacks with a bad signature', ends.badSignatures, 0);
  return `${filled.inFlight.length} messages, ${ends.refused} deliveries had failed before`;
}

async function customAnswers({ demo, filled, ends }: Upgraded): Promise<string> {
  const message = { messageId: 'after-1', sender: 'flyer-1', text: QUESTION };
  for (let time = 0; time < 2; time += 1)
    expectEqual('the webhook', await postCustom(demo.baseUrl, filled.custom, message), 202);
  // Taken before the upgrade: a repeat has no effect.
  const repeat = { messageId: filled.inFlight[0] ?? '', sender: 'flyer-0', text: QUESTION };
  expectEqual('a repeat', await postCustom(demo.baseUrl, filled.custom, repeat), 202);
  const answered = (): number => ends.delivered.filter(({ inReplyTo }) => inReplyTo === 'after-1').length;
  await until('it is answered', () => answered() > 0, ANSWER_MS);
  await sleep(2000);
  expectEqual('answers', answered(), 1);
  const again = ends.delivered.filter(({ inReplyTo }) => inReplyTo === repeat.messageId);
  expectEqual('answers to the repeat', new Set(again.map(({ messageId }) => messageId)).size, 1);
  return 'answered once, a repeat from before the upgrade not again';
}

async function badSignatureRefused({ demo, filled }: Upgraded): Promise<string> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const message = { messageId: 'bad', sender: 'eve', text: 'Let me in' };
  expectEqual('the webhook', await postCustom(demo.baseUrl, { id: filled.custom.id, secret }, message), 401);
  return '401';
}

async function flowGoesOn({ demo, filled, owner }: Upgraded): Promise<string> {
  const message = { messageId: 'flow-2', sender: 'nora', text: 'Nora' };
  expectEqual('the webhook', await postCustom(demo.baseUrl, filled.flowChannel, message), 202);
  const space = `/spaces/${filled.spaceId}`;
  const thanked = async (): Promise<boolean> => {
    const [conversation] = await owner.list(`${space}/conversations?channelId=${filled.flowChannel.id}`);
    const messages = await owner.listSequence(
      `${space}/conversations/${textAt(conversation, 'id')}/messages`,
    );
    return JSON.stringify(messages).includes('Thanks, Nora.');
  };
  await until('the flow thanks', thanked, ANSWER_MS);
  return 'the answer that was waited for is taken';
}

async function phoneRings({ demo, filled, ends, owner }: Upgraded): Promise<string> {
  const at = `/spaces/${filled.spaceId}/channels/${filled.phoneChannelId}`;
  const verified = await owner.post(`${at}/verify`, {});
  const channel = (verified['channel'] as Json | undefined) ?? verified;
  expectEqual('status of the channel', channel['status'], 'active');
  const { accountSid, authToken } = ends.carrier;
  const url = `${demo.baseUrl}/api/v1/webhooks/twilio/${filled.phoneChannelId}`;
  const fields = {
    CallSid: `CA${randomBytes(16).toString('hex')}`,
    AccountSid: accountSid,
    From: '+12125550142',
    To: PHONE_NUMBER,
    CallStatus: 'ringing',
    Direction: 'inbound',
    ApiVersion: '2010-04-01',
  };
  const ask = (signature: string): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
      body: new URLSearchParams(fields),
    });
  const answer = await ask(twilio.getExpectedTwilioSignature(authToken, url, fields));
  const xml = await answer.text();
  expectEqual('the call is connected', /<Stream url="/.test(xml), true);
  expectEqual('a call with a bad signature', (await ask('bad')).status, 401);
  return 'active, connected to a stream';
}

async function visitorComesBack({ demo, filled }: Upgraded): Promise<string> {
  const { token, conversationId } = filled.visitor;
  const visitor = new Api(demo.baseUrl, token);
  const history = await visitor.listSequence(
    `/spaces/${filled.spaceId}/conversations/${conversationId}/messages`,
  );
  expectEqual('the history holds the question', JSON.stringify(history).includes(QUESTION), true);
  expectEqual('the conversation', await askAsVisitor(demo.baseUrl, token, QUESTION), conversationId);
  return `${history.length} messages of before, in the same conversation`;
}

async function documentFound({ filled, owner }: Upgraded): Promise<string> {
  const { knowledgeBaseId, phrase } = filled.document;
  const found = await owner.get(
    `/spaces/${filled.spaceId}/knowledge-bases/${knowledgeBaseId}/search?q=${encodeURIComponent('lighthouse lamp')}`,
  );
  expectEqual('the passage', JSON.stringify(found).includes(phrase), true);
  return 'the passage is quoted';
}

async function filesThere({ demo, filled, owner }: Upgraded): Promise<string> {
  if (!filled.asset) return 'no S3 server: left out';
  const url = `${demo.baseUrl}/api/v1/spaces/${filled.spaceId}/assets/${filled.asset.id}/download`;
  expectEqual('the content', await (await fetch(url, { headers: owner.headers })).text(), filled.asset.text);
  return 'content as before';
}

async function notificationsGo({ demo, filled, owner }: Upgraded): Promise<string> {
  const space = `/spaces/${filled.spaceId}`;
  const conversation = await owner.post(`${space}/conversations`, {
    participants: [{ agentId: demo.agentId }],
  });
  const reason = `After the upgrade ${randomBytes(4).toString('hex')}`;
  await owner.post(`${space}/conversations/${textAt(conversation, 'id')}/handoff`, { reason });
  const mails = async (): Promise<unknown[]> => {
    const { data } = (await (await fetch(`${demo.mailUrl}/mails`)).json()) as { data: { to: string[] }[] };
    return data.filter((mail) => mail.to.includes(demo.owner.email) && JSON.stringify(mail).includes(reason));
  };
  await until('a mail goes to the owner', async () => (await mails()).length > 0, ANSWER_MS);
  await sleep(2000);
  expectEqual('mails about one handoff under three rules', (await mails()).length, 1);
  return 'one mail, although three rules match';
}

async function identityTaken({ filled, owner }: Upgraded): Promise<string> {
  const { status, body } = await owner.ask('POST', `/spaces/${filled.spaceId}/contacts`, {
    name: 'Again',
    identities: [{ type: 'phone', value: '+1 212 555 0142' }],
  });
  expectEqual('the answer', [status, textAt(body, 'code')].join(' '), '409 identity_taken');
  expectEqual(
    'it names the contact',
    JSON.stringify(body).includes(filled.duplicates[0]?.[0] ?? 'none'),
    true,
  );
  return '409 identity_taken';
}

function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)} instead of ${String(expected)}`);
}
