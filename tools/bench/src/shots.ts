import { createHmac, randomUUID } from 'node:crypto';
import type { Shot } from './http-load.ts';

/** Where requests go, and with which secret they are signed. */
export interface Door {
  port: number;
  path: string;
  /** Standard Webhooks secret; null where nothing is verified. */
  secret: string | null;
}

const TEXT = 'Hello, I would like to know when the parcel with the blue lamp will arrive. Thank you.';

/** Webhooks ready to be sent, from a given number of senders in turn; the work is done before the clock runs. */
export function makeShots(door: Door, count: number, senders: number): Shot[] {
  const run = randomUUID().slice(0, 8);
  return Array.from({ length: count }, (_value, index) =>
    signedShot(door, { id: `${run}-${index}`, sender: `sender-${index % senders}`, text: TEXT }),
  );
}

/** A webhook with one message, signed where the receiver verifies it. */
export function signedShot(
  door: Door,
  { id, sender, text }: { id: string; sender: string; text: string },
): Shot {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const key = door.secret === null ? null : Buffer.from(door.secret.replace(/^whsec_/, ''), 'base64');
  const body = JSON.stringify({ messageId: id, sender: { id: sender }, parts: [{ type: 'text', text }] });
  const signed = key
    ? [
        `webhook-id: ${id}`,
        `webhook-timestamp: ${timestamp}`,
        `webhook-signature: v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
      ]
    : [];
  const head = [
    `POST ${door.path} HTTP/1.1`,
    `host: 127.0.0.1:${door.port}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...signed,
  ];
  return { id, bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`) };
}
