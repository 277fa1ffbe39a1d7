import { type Client, HttpProblem } from '@parley/client';
import { type Call, getCallTimeline, listCalls, listMessages, type Message } from '@parley/contracts';
import { Caller } from '@parley/testing/voice';
import { until } from '@parley/testing';
import { type Demo } from './demo.ts';

/** What a page gets when it opens the widget. */
export interface VisitorSession {
  visitorToken: string;
  spaceId: string;
  conversationId: string | null;
  serverUrl?: string;
  participantToken?: string;
}

/** Where a page stands: the demo, or a web channel of one's own. */
export type Site = Pick<Demo, 'baseUrl' | 'webChannelId'>;

/** Opens a visitor's session, or takes one up again. */
export async function openSession(site: Site, visitorToken?: string): Promise<VisitorSession> {
  const response = await fetch(`${site.baseUrl}/api/v1/widget/${site.webChannelId}/sessions`, {
    method: 'POST',
    headers: { origin: site.baseUrl, 'content-type': 'application/json' },
    body: JSON.stringify(visitorToken ? { visitorToken } : {}),
  });
  if (response.status !== 201) throw new Error(`No session: ${response.status} ${await response.text()}`);
  return (await response.json()) as VisitorSession;
}

/** A visitor calls from a page. */
export async function placeCall(
  site: Site,
  session?: VisitorSession,
): Promise<{ caller: Caller; session: VisitorSession; callId: string }> {
  const opened = session ?? (await openSession(site));
  const { serverUrl, participantToken } = opened;
  if (!serverUrl || !participantToken) throw new Error('The session offers no call.');
  const payload = participantToken.split('.')[1] ?? '';
  const { video } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { video: { room: string } };
  return { caller: await Caller.join(serverUrl, participantToken), session: opened, callId: video.room };
}

/** A call as the API shows it, once it is known there. */
export async function callOf(client: Client, demo: Demo, callId: string): Promise<Call> {
  return until(`the call ${callId} is known`, async () => {
    const { data } = await client.call(listCalls, { spaceId: demo.spaceId, limit: 50 });
    return data.find((call) => call.id === callId);
  });
}

/** A call once it has ended. */
export function endedCall(client: Client, demo: Demo, callId: string, withinMs?: number): Promise<Call> {
  return until(
    `the call ${callId} has ended`,
    async () => {
      const call = await callOf(client, demo, callId);
      return call.phase === 'ended' ? call : null;
    },
    withinMs,
  );
}

/** The conversation that a call goes into, once it is known. */
export async function conversationOf(client: Client, demo: Demo, callId: string): Promise<string> {
  return until(
    'the call has a conversation',
    async () => (await callOf(client, demo, callId)).conversationId,
  );
}

/** All messages of a conversation, in order; none before its first input begins it. */
export async function historyOf(client: Client, demo: Demo, conversationId: string): Promise<Message[]> {
  try {
    const { data } = await client.call(listMessages, { spaceId: demo.spaceId, conversationId, limit: 200 });
    return data;
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 404) return [];
    throw error;
  }
}

/** The text of a message. */
export function textOf(message: Message | undefined): string {
  return (message?.parts ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** The turns of a call, with their times. */
export async function turnsOf(
  client: Client,
  demo: Demo,
  callId: string,
): Promise<{ latencyMs: number | null; messageId: string | null }[]> {
  return (await client.call(getCallTimeline, { spaceId: demo.spaceId, callId })).turns;
}
