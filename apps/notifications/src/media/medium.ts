/** A message to one member through one medium. */
export interface OutboundMessage {
  /** Idempotency key: the same in every attempt. */
  id: string;
  to: { name: string; email: string | null };
  title: string;
  body: string;
  /** Excerpt of the message. */
  quote?: { author: string; text: string } | null;
  link: string | null;
}

/** A delivery channel to members. `send` throws on transient failures and returns a reason on permanent ones. */
export interface NotificationMedium {
  name: string;
  send(outgoing: OutboundMessage): Promise<{ delivered: true } | { delivered: false; reason: string }>;
}
