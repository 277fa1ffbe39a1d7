import { createHmac, timingSafeEqual } from 'node:crypto';
import { CustomInboundSchema, type DeliveryKind, deliveryKinds, inputProblem } from '@parley/contracts';
import { readWebhookJson } from '../../http/json.ts';
import type { ChannelAdapter, OutboundMessage, SendContext, SendResult, WebhookRequest } from '../adapter.ts';

/** Age of a signature that is still taken, in seconds: the Standard Webhooks specification's advice. */
const TOLERANCE_SECONDS = 300;
const SEND_TIMEOUT_MS = 10_000;
const none: readonly DeliveryKind[] = [];

/** Any system of one's own, over Standard Webhooks in both directions. */
export const customAdapter: ChannelAdapter = {
  name: 'custom',
  json: true,
  verify: (request, secret) => verify(request, secret),
  parse: (body) => {
    const parsed = CustomInboundSchema.safeParse(readWebhookJson(body, idsIn));
    if (!parsed.success) throw inputProblem(parsed.error, 'The message has unknown or wrong fields.');
    const { messageId, sender, parts, metadata } = parsed.data;
    return [
      {
        providerMessageId: messageId,
        sender: { id: sender.id, name: sender.name ?? null },
        parts,
        metadata: metadata ?? {},
      },
    ];
  },
  answer: ([message]) => ({ status: 202, body: { messageId: message?.providerMessageId ?? null } }),
  answerInactive: ([message]) => ({
    messageId: message?.providerMessageId ?? null,
    accepted: false,
    code: 'channel_inactive',
    detail: 'The channel is not active: the message was dropped. Activate the channel, then send it again.',
  }),
  deliverableKinds: ({ callbackUrl }) => (typeof callbackUrl === 'string' ? deliveryKinds : none),
  send,
};

function idsIn(body: unknown): unknown {
  const { messageId, sender } = (body ?? {}) as { messageId?: unknown; sender?: { id?: unknown } | null };
  return { messageId, sender: { id: sender?.id } };
}

function verify({ headers, body, now }: WebhookRequest, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = Buffer.from(sign(secret, id, timestamp, body));
  let matches = false;
  for (const candidate of signatures.split(' ').slice(0, 10)) {
    const given = Buffer.from(candidate);
    if (given.length === expected.length && timingSafeEqual(given, expected)) matches = true;
  }
  return matches;
}

function sign(secret: string, id: string, timestamp: string, body: Buffer): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
}

async function send(outbound: OutboundMessage, context: SendContext): Promise<SendResult> {
  const { callbackUrl } = context.configuration as { callbackUrl?: string };
  if (!callbackUrl) return { kind: 'refused', reason: 'The channel has no callbackUrl.' };
  const { deliveryId, kind, conversationId, to, inReplyTo, message } = outbound;
  const body = Buffer.from(
    JSON.stringify({ type: kind, conversationId, to: { id: to }, inReplyTo, message }),
  );
  const timestamp = String(Math.floor(context.now / 1000));
  const headers = {
    'content-type': 'application/json',
    'webhook-id': deliveryId,
    'webhook-timestamp': timestamp,
    ...(context.secret ? { 'webhook-signature': sign(context.secret, deliveryId, timestamp, body) } : {}),
  };
  try {
    const response = await context.fetch(callbackUrl, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return resultOf(response);
  } catch (error) {
    return {
      kind: 'later',
      reason: `The callback could not be reached: ${error instanceof Error ? error.message : 'unknown'}`,
    };
  }
}

function resultOf({ status, headers }: Response): SendResult {
  if (status >= 200 && status < 300) return { kind: 'sent', providerMessageId: null };
  const reason = `The callback answered ${status}.`;
  if (status === 410 || (status >= 400 && status < 500 && ![408, 409, 425, 429].includes(status)))
    return { kind: 'refused', reason };
  const seconds = Number(headers.get('retry-after'));
  return { kind: 'later', reason, ...(seconds > 0 ? { afterMs: Math.min(seconds, 3600) * 1000 } : {}) };
}
