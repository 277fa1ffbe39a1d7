import { randomUUID } from 'node:crypto';
import { createClient, type Client } from '@parley/client';
import {
  acceptInvitation,
  activateChannel,
  createAgent,
  createApiKey,
  createChannel,
  createInvitation,
  createSpace,
  type OperationOutput,
  type Role,
  signUp,
  verifyEmail,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { send } from './calls.ts';
import { readDemo } from './demo.ts';

/** Somebody with a credential, and what it is good for in the space of a story. */
export interface Actor {
  name: string;
  token: string | null;
  role: Role | null;
  accountId?: string;
  refreshToken?: string;
}

/** A space of a story's own. */
export interface OwnSpace {
  baseUrl: string;
  spaceId: string;
  agentId: string;
  webChannelId: string;
  owner: Actor;
  ownerClient: Client;
}

/** Creates an account. */
export async function signUpAs(baseUrl: string, name: string): Promise<OperationOutput<typeof signUp>> {
  const email = `${name.toLowerCase()}-${randomUUID()}@example.com`;
  const { status, text } = await send(`${baseUrl}/api/v1/auth/sign-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: randomUUID(), name }),
  });
  if (status !== 201) throw new Error(`${name} could not sign up: ${status} ${text}`);
  return JSON.parse(text) as OperationOutput<typeof signUp>;
}

/** The token of the newest mail of a kind to an address, as its link carries it. */
export async function mailedToken(mailUrl: string, kind: string, email: string): Promise<string> {
  return until(`a mail ${kind}`, async () => {
    const { data } = (await (await fetch(`${mailUrl}/mails`)).json()) as {
      data: { to: string[]; text: string }[];
    };
    const texts = data.filter(({ to }) => to.includes(email)).map(({ text }) => text);
    const [, token] =
      texts
        .reverse()
        .map((text) => new RegExp(`#${kind}=(\\S+)`).exec(text))
        .find(Boolean) ?? [];
    return token && decodeURIComponent(token);
  });
}

/** Verifies the address of an account that has just signed up. */
export async function verifyAddress(
  baseUrl: string,
  email: string,
  mailUrl = readDemo().mailUrl,
): Promise<void> {
  const token = await mailedToken(mailUrl, 'verify_email', email);
  await createClient({ baseUrl }).call(verifyEmail, { token });
}

/** Creates a space with an owner, an agent and an active web channel. */
export async function openSpace(baseUrl: string, name: string): Promise<OwnSpace> {
  const { accessToken, account } = await signUpAs(baseUrl, `${name}-owner`);
  await verifyAddress(baseUrl, account.email);
  const client = createClient({ baseUrl, token: accessToken });
  const { id: spaceId } = await client.call(createSpace, { name });
  const { id: agentId } = await client.call(createAgent, { spaceId, name: 'Story agent' });
  const channel = await activateWhenKnown(client, spaceId, agentId);
  const owner: Actor = { name: 'owner', token: accessToken, role: 'owner', accountId: account.id };
  return { baseUrl, spaceId, agentId, webChannelId: channel, owner, ownerClient: client };
}

/** A target is known to channels a moment after it was made. */
async function activateWhenKnown(client: Client, spaceId: string, agentId: string): Promise<string> {
  const made = await until('the channel takes its target', () =>
    client
      .call(createChannel, {
        spaceId,
        deploymentType: 'WEB',
        channelIdentifier: 'https://site.example',
        configuration: {},
        target: { agentId },
      })
      .catch(() => null),
  );
  await client.call(activateChannel, { spaceId, channelId: made.channel.id });
  return made.channel.id;
}

/** Makes somebody a member, who accepts an invitation that came by mail. */
export async function join(space: OwnSpace, role: 'admin' | 'agent' | 'viewer'): Promise<Actor> {
  const { accessToken, refreshToken, account } = await signUpAs(space.baseUrl, role);
  const { email } = account;
  await space.ownerClient.call(createInvitation, { spaceId: space.spaceId, email, role });
  const token = await mailedToken(readDemo().mailUrl, 'invitation', email);
  await createClient({ baseUrl: space.baseUrl, token: accessToken }).call(acceptInvitation, { token });
  return { name: role, token: accessToken, role, accountId: account.id, refreshToken };
}

/** Makes an API key. */
export async function keyFor(space: OwnSpace, role: 'admin' | 'agent' | 'viewer'): Promise<Actor> {
  const { key } = await space.ownerClient.call(createApiKey, { spaceId: space.spaceId, name: role, role });
  return { name: `API key (${role})`, token: key, role };
}

/** Opens the space's site as a visitor. */
export async function visit(space: OwnSpace): Promise<Actor> {
  const { text } = await send(`${space.baseUrl}/api/v1/widget/${space.webChannelId}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://site.example' },
    body: '{}',
  });
  const { visitorToken } = JSON.parse(text) as { visitorToken: string };
  return { name: 'visitor', token: visitorToken, role: 'visitor' };
}
