import { randomUUID } from 'node:crypto';
import { createClient, type Client } from '@parley/client';
import {
  activateChannel,
  addMember,
  createAgent,
  createApiKey,
  createChannel,
  createSpace,
  type OperationOutput,
  type Role,
  signUp,
} from '@parley/contracts';
import { until } from '@parley/testing';
import { send } from './calls.ts';

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

/** Creates a space with an owner, an agent and an active web channel. */
export async function openSpace(baseUrl: string, name: string): Promise<OwnSpace> {
  const { accessToken, account } = await signUpAs(baseUrl, `${name}-owner`);
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

/** Makes somebody a member. */
export async function join(space: OwnSpace, role: 'admin' | 'agent' | 'viewer'): Promise<Actor> {
  const { accessToken, refreshToken, account } = await signUpAs(space.baseUrl, role);
  await space.ownerClient.call(addMember, { spaceId: space.spaceId, email: account.email, role });
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
