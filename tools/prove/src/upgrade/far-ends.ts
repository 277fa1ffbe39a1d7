import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTwilioServer, type TwilioServer } from '@parley/testing';
import { Webhook } from 'standardwebhooks';

/** What a callback brought. */
export interface Delivered {
  webhookId: string;
  inReplyTo: string | null;
  messageId: string;
  text: string;
}

/** What stays outside while the installation changes: the receiver of callbacks and a carrier. */
export interface FarEnds {
  callbackUrl: string;
  /** Refuses every callback with 503 while it is true. */
  refusing: boolean;
  readonly delivered: Delivered[];
  readonly refused: number;
  readonly badSignatures: number;
  secret: string;
  carrier: TwilioServer;
  close(): Promise<void>;
}

/** The phone number of the carrier's account. */
export const PHONE_NUMBER = '+14155550177';

/** Starts both on loopback. */
export async function startFarEnds(): Promise<FarEnds> {
  const carrier = await startTwilioServer({ numbers: [{ phone_number: PHONE_NUMBER }] });
  const state = { refusing: false, delivered: [] as Delivered[], refused: 0, badSignatures: 0, secret: '' };
  const server = createServer((request, response) => {
    void receive(request, state).then((status) => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    callbackUrl: `http://127.0.0.1:${port}/`,
    carrier,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await carrier.close();
    },
  });
}

type State = Pick<FarEnds, 'refusing' | 'delivered' | 'secret'> & { refused: number; badSignatures: number };

async function receive(request: IncomingMessage, state: State): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (state.refusing) {
    state.refused += 1;
    return 503;
  }
  try {
    const headers = request.headers as Record<string, string>;
    const secret = state.secret.replace('whsec_', '');
    const { inReplyTo, message } = new Webhook(secret).verify(Buffer.concat(chunks).toString(), headers) as {
      inReplyTo: string | null;
      message?: { id: string; parts: { text?: string }[] };
    };
    const text = message?.parts.map((part) => part.text ?? '').join('') ?? '';
    const webhookId = headers['webhook-id'] ?? '';
    state.delivered.push({ webhookId, inReplyTo, messageId: message?.id ?? '', text });
    return 200;
  } catch {
    state.badSignatures += 1;
    return 401;
  }
}

/** Posts a signed message to a custom channel; the status of the answer. */
export async function postCustom(
  baseUrl: string,
  channel: { id: string; secret: string },
  message: { messageId: string; sender: string; text: string },
): Promise<number> {
  const now = new Date();
  const { messageId, sender, text } = message;
  const body = JSON.stringify({
    messageId,
    sender: { id: sender, name: sender },
    parts: [{ type: 'text', text }],
  });
  const signature = new Webhook(channel.secret.replace('whsec_', '')).sign(messageId, now, body);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': signature,
  };
  const response = await fetch(`${baseUrl}/api/v1/webhooks/custom/${channel.id}`, {
    method: 'POST',
    headers,
    body,
  });
  await response.text();
  return response.status;
}
