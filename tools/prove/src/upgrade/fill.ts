import { randomUUID } from 'node:crypto';
import { until } from '@parley/testing';
import { type FarEnds, PHONE_NUMBER, postCustom } from './far-ends.ts';
import { Api, type Json, textAt } from './http-api.ts';
import type { UpgradeDemo } from './version.ts';
import { askAsVisitor } from './visitor.ts';

export const QUESTION = 'What happens to an event that fails again and again?';
export const IN_FLIGHT = 40;

/** A person with an account. */
export interface Person {
  email: string;
  password: string;
  accountId: string;
  token: string;
  refreshToken: string;
}

/** What was made in the old version, as far as the new one is asked about it. */
export interface Filled {
  spaceId: string;
  people: { mia: Person; theo: Person };
  keys: { role: string; key: string }[];
  serviceKey: string;
  /** Groups of contacts that are one person; the oldest first. */
  duplicates: string[][];
  /** Contacts that resemble one another and are not one person. */
  apart: string[];
  direct: { roomId: string; conversationId: string; text: string };
  custom: { id: string; secret: string };
  flowChannel: { id: string; secret: string };
  phoneChannelId: string;
  visitor: { token: string; conversationId: string };
  document: { knowledgeBaseId: string; phrase: string };
  asset: { id: string; text: string } | null;
  inFlight: string[];
}

/** Fills an installation through its public API alone. */
export async function fill(demo: UpgradeDemo, ends: FarEnds): Promise<Filled> {
  const { spaceId } = demo;
  const anybody = new Api(demo.baseUrl, null);
  const owner = anybody.as(textAt(await anybody.post('/auth/sign-in', demo.owner), 'accessToken'));
  const mia = await addPerson({ anybody, owner, demo }, 'Mia', 'agent');
  const theo = await addPerson({ anybody, owner, demo }, 'Theo', 'viewer');
  const space = `/spaces/${spaceId}`;
  const contacts = await addContacts(owner, space);
  const agentId = await addAgent(owner, space);
  const channels = await addChannels({ owner, demo, ends, agentId });
  ends.secret = channels.custom.secret;
  await owner.post(`${space}/rooms`, { name: 'Support', participants: [{ accountId: mia.accountId }] });
  for (const name of ['First rule', 'Second rule'])
    await owner.post(`${space}/notification-rules`, {
      name,
      event: 'flow.handoff_requested',
      media: ['inbox', 'email'],
      roles: ['owner'],
    });
  const conversationId = textAt(
    await owner.post(`${space}/conversations`, { participants: [{ agentId }] }),
    'id',
  );
  await owner.post(`${space}/conversations/${conversationId}/handoff`, { reason: 'Before the upgrade' });
  return {
    spaceId,
    people: { mia, theo },
    ...(await addKeys(owner, space)),
    ...contacts,
    direct: await addDirectRoom(owner, space, mia),
    ...channels,
    visitor: await addVisitor(demo),
    document: await addDocument(owner, space),
    asset: demo.s3Endpoint ? await addAsset(owner, space) : null,
    inFlight: [],
  };
}

/** Messages whose answers cannot be handed over before the stop: some are not even answered by then. */
export async function sendInFlight(demo: UpgradeDemo, filled: Filled): Promise<void> {
  for (let number = 0; number < IN_FLIGHT; number += 1) {
    const messageId = `flight-${number}`;
    const message = { messageId, sender: `flyer-${number % 8}`, text: QUESTION };
    const status = await postCustom(demo.baseUrl, filled.custom, message);
    if (status !== 202) throw new Error(`A webhook was refused with ${status}.`);
    filled.inFlight.push(messageId);
  }
}

async function addPerson(
  { anybody, owner, demo }: { anybody: Api; owner: Api; demo: UpgradeDemo },
  name: string,
  role: string,
): Promise<Person> {
  const email = `${name.toLowerCase()}-${randomUUID().slice(0, 8)}@example.com`;
  const password = randomUUID();
  const session = await anybody.post('/auth/sign-up', { email, password, name });
  const token = textAt(session, 'accessToken');
  const members = `/spaces/${demo.spaceId}/members`;
  // Versions before invitations add members at once.
  const added = await owner.ask('POST', members, { email, role });
  if (added.status >= 300) {
    await owner.post(`/spaces/${demo.spaceId}/invitations`, { email, role });
    const invitation = await mailedToken(demo.mailUrl, email);
    await anybody.as(token).post(`/invitations/${invitation}/accept`, {});
  }
  const accountId = textAt(session, 'account', 'id');
  return { email, password, accountId, token, refreshToken: textAt(session, 'refreshToken') };
}

function mailedToken(mailUrl: string, email: string): Promise<string> {
  return until('an invitation comes by mail', async () => {
    const { data } = (await (await fetch(`${mailUrl}/mails`)).json()) as {
      data: { to: string[]; text: string }[];
    };
    const texts = data.filter(({ to }) => to.includes(email)).map(({ text }) => text);
    return texts.map((text) => /#invitation=(\S+)/.exec(text)?.[1]).findLast(Boolean);
  });
}

async function addContacts(owner: Api, space: string): Promise<Pick<Filled, 'duplicates' | 'apart'>> {
  /** Versions that know duplicates refuse them: null. */
  const make = async (name: string, type: string, value: string): Promise<string | null> => {
    const made = await owner.ask('POST', `${space}/contacts`, { name, identities: [{ type, value }] });
    if (textAt(made.body, 'code') === 'identity_taken') return null;
    const contactId = textAt(made.body, 'id');
    const conversation = await owner.post(`${space}/conversations`, { participants: [{ contactId }] });
    const at = `${space}/conversations/${textAt(conversation, 'id')}/messages`;
    await owner.post(at, { parts: [{ type: 'text', text: `A note to ${name}` }] });
    return contactId;
  };
  const makeAll = async (all: readonly [string, string, string][]): Promise<string[]> => {
    const made: string[] = [];
    for (const one of all) made.push(...[await make(...one)].filter((id) => id !== null));
    return made;
  };
  const phones = ['+1 (212) 555-0142', '+12125550142', 'tel:+1-212-555-0142'];
  const mails = ['Ann@Example.com', 'ann@example.com'];
  const duplicates = [
    await makeAll(phones.map((value) => [`Phone ${value}`, 'phone', value])),
    await makeAll(mails.map((value) => [`Mail ${value}`, 'email', value])),
  ];
  const apart = await makeAll([
    ['Ben', 'email', 'ben@example.com'],
    ['Cleo', 'custom', 'ben@example.com'],
  ]);
  return { duplicates, apart };
}

async function addAgent(owner: Api, space: string): Promise<string> {
  const base = textAt(await owner.post(`${space}/knowledge-bases`, { name: 'Upgrade' }), 'id');
  const agent = { name: 'Una', instructions: 'Answer.', greeting: 'Hello.', knowledgeBaseIds: [base] };
  return textAt(await owner.post(`${space}/agents`, agent), 'id');
}

async function addChannels(of: {
  owner: Api;
  demo: UpgradeDemo;
  ends: FarEnds;
  agentId: string;
}): Promise<Pick<Filled, 'custom' | 'flowChannel' | 'phoneChannelId'>> {
  const { owner, demo, ends } = of;
  const space = `/spaces/${demo.spaceId}`;
  const settle = (body: object): Promise<Json> =>
    owner.post(`${space}/channels/setup`, { ...body, activate: true });
  const custom = await settle({
    channel: {
      deploymentType: 'CUSTOM',
      channelIdentifier: 'upgrade',
      configuration: { callbackUrl: ends.callbackUrl },
    },
    target: { agentId: demo.agentId },
  });
  const flow = await owner.post(`${space}/flows`, { name: 'Ask for a name', draft: askForName });
  const flowId = textAt(flow, 'id');
  await owner.post(`${space}/flows/${flowId}/publish`, {});
  const overFlow = await settle({
    channel: { deploymentType: 'CUSTOM', channelIdentifier: 'upgrade-flow', configuration: {} },
    target: { flowId },
  });
  const { accountSid, authToken, apiBaseUrl } = ends.carrier;
  const phone = await settle({
    channel: { deploymentType: 'CALLS', provider: 'twilio', configuration: { apiBaseUrl } },
    phoneNumber: PHONE_NUMBER,
    credentials: { accountSid, authToken },
    target: { agentId: of.agentId },
  });
  if (textAt(phone, 'channel', 'status') !== 'active')
    throw new Error(`The phone channel is not active: ${JSON.stringify(phone['channel'])}`);
  const flowChannel = channelOf(overFlow);
  // The flow waits for a name while the installation changes.
  await postCustom(demo.baseUrl, flowChannel, { messageId: 'flow-1', sender: 'nora', text: 'Hello' });
  return { custom: channelOf(custom), flowChannel, phoneChannelId: textAt(phone, 'channel', 'id') };
}

/** The first message belongs to the greeting, in versions before first messages were kept from questions too. */
const askForName = {
  start: 'greeting',
  steps: [
    { id: 'greeting', type: 'listen', settings: { variable: 'greeting' }, outcomes: { next: 'ask' } },
    { id: 'ask', type: 'say', settings: { text: 'What is your name?' }, outcomes: { next: 'name' } },
    { id: 'name', type: 'listen', settings: { variable: 'name' }, outcomes: { next: 'thank' } },
    { id: 'thank', type: 'say', settings: { text: 'Thanks, {{ variables.name }}.' }, outcomes: {} },
  ],
};

function channelOf(answer: Json): { id: string; secret: string } {
  return { id: textAt(answer, 'channel', 'id'), secret: textAt(answer, 'credentials', 'webhookSecret') };
}

async function addKeys(owner: Api, space: string): Promise<Pick<Filled, 'keys' | 'serviceKey'>> {
  const keys: Filled['keys'] = [];
  for (const role of ['admin', 'agent', 'viewer'])
    keys.push({ role, key: textAt(await owner.post(`${space}/api-keys`, { name: role, role }), 'key') });
  const serviceAccountId = textAt(await owner.post(`${space}/service-accounts`, { name: 'Robot' }), 'id');
  const own = await owner.post(`${space}/api-keys`, { name: 'Robot', role: 'agent', serviceAccountId });
  return { keys, serviceKey: textAt(own, 'key') };
}

async function addDirectRoom(owner: Api, space: string, mia: Person): Promise<Filled['direct']> {
  const me = await owner.get('/me');
  const ownAccountId = textAt(me, 'account', 'id') || textAt(me, 'id');
  const participants = [{ accountId: ownAccountId }, { accountId: mia.accountId }];
  const room = await owner.post(`${space}/rooms`, { type: 'direct', participants });
  const roomId = textAt(room, 'id');
  const conversationId = textAt(await owner.post(`${space}/conversations`, { roomId }), 'id');
  const text = `Between us ${randomUUID()}`;
  await owner.post(`${space}/conversations/${conversationId}/messages`, { parts: [{ type: 'text', text }] });
  return { roomId, conversationId, text };
}

async function addVisitor(demo: UpgradeDemo): Promise<Filled['visitor']> {
  const session = await new Api(demo.baseUrl, null).post(
    `/widget/${demo.webChannelId}/sessions`,
    {},
    { origin: demo.baseUrl },
  );
  const token = textAt(session, 'visitorToken');
  return { token, conversationId: await askAsVisitor(demo.baseUrl, token, QUESTION) };
}

async function addDocument(owner: Api, space: string): Promise<Filled['document']> {
  const knowledgeBaseId = textAt(await owner.post(`${space}/knowledge-bases`, { name: 'Almanac' }), 'id');
  const phrase = 'The lighthouse keeper oils the lamp on Thursdays';
  const documents = `${space}/knowledge-bases/${knowledgeBaseId}/documents`;
  await owner.post(documents, { title: 'Almanac', mediaType: 'text/plain', text: `${phrase}.` });
  await until('the document is read', async () =>
    (await owner.list(documents)).every((document) => document['status'] === 'ready'),
  );
  return { knowledgeBaseId, phrase };
}

async function addAsset(owner: Api, space: string): Promise<Filled['asset']> {
  const text = 'Kept over the upgrade';
  const upload = { fileName: 'kept.txt', contentType: 'text/plain', size: text.length };
  const begun = await owner.post(`${space}/assets/uploads`, upload);
  const { url, method, headers } = begun['upload'] as unknown as {
    url: string;
    method: string;
    headers: Record<string, string>;
  };
  const { 'content-length': _length, ...sent } = headers;
  await fetch(url, { method, headers: sent, body: text });
  const id = textAt(begun, 'asset', 'id');
  await owner.post(`${space}/assets/${id}/complete`, {});
  return { id, text };
}
