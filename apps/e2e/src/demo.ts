import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Client } from '@parley/client';
import { listConversations, listMessages, type Message } from '@parley/contracts';
import { Webhook } from 'standardwebhooks';

/** What a stranger knows: demo.json. */
export interface Demo {
  baseUrl: string;
  apiKey: string;
  spaceId: string;
  agentId: string;
  flowId: string;
  webChannelId: string;
  customChannelId: string;
  customChannelSecret: string;
  knowledgeBaseId: string;
  databaseUrl: string;
  mailUrl: string;
  livekitUrl: string;
  owner: { email: string; password: string };
  other: { spaceId: string; apiKey: string };
}

export function home(): string {
  const path = process.env['PARLEY_E2E_HOME'];
  if (!path) throw new Error('The stack is not up: run the stories through npm test.');
  return path;
}

export function readDemo(): Demo {
  return JSON.parse(readFileSync(join(home(), 'demo.json'), 'utf8')) as Demo;
}

export function clientOf(demo: Demo): Client {
  return createClient({ baseUrl: demo.baseUrl, token: demo.apiKey });
}

/** How a webhook is sent; what is left out is as it should be. */
export interface Sending {
  channelId: string;
  secret: string;
  messageId: string;
  sender: string;
  text: string;
  at?: Date;
}

/** Posts a signed message to a custom channel. */
export async function sendCustom(baseUrl: string, sending: Sending): Promise<Response> {
  const { channelId, secret, messageId, sender, text, at = new Date() } = sending;
  const body = JSON.stringify({
    messageId,
    sender: { id: sender, name: sender },
    parts: [{ type: 'text', text }],
  });
  const signature = new Webhook(secret.replace('whsec_', '')).sign(`wh_${messageId}`, at, body);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': `wh_${messageId}`,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signature,
  };
  return fetch(`${baseUrl}/api/v1/webhooks/custom/${channelId}`, { method: 'POST', headers, body });
}

/** All messages of the newest conversation of a sender in the demo's custom channel. */
export async function messagesOf(
  client: Client,
  demo: Demo,
  channelId: string,
  sender: string,
): Promise<Message[]> {
  const { data } = await client.call(listConversations, { spaceId: demo.spaceId, channelId, limit: 200 });
  const found = data.find((one) =>
    one.participants.some((participant) => participant.contactId && participant.name === sender),
  );
  if (!found) return [];
  return (await client.call(listMessages, { spaceId: demo.spaceId, conversationId: found.id, limit: 200 }))
    .data;
}
