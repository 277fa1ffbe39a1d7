import type { DeliveryKind, Message, Part } from '@parley/contracts';

/** A request of a provider, as it came. */
export interface WebhookRequest {
  headers: Record<string, string | undefined>;
  body: Buffer;
  /** Milliseconds; for the age of signatures. */
  now: number;
}

/** A message from outside. */
export interface InboundMessage {
  providerMessageId: string;
  sender: { id: string; name: string | null };
  parts: Part[];
  metadata: Record<string, unknown>;
}

/** A message, or a change of it, to be handed to the channel. */
export interface OutboundMessage {
  /** The same at each attempt, for the other side to drop repeats by. */
  deliveryId: string;
  kind: DeliveryKind;
  conversationId: string;
  to: string;
  inReplyTo: string | null;
  message: Message;
}

/** What an adapter sends with. */
export interface SendContext {
  secret: string | null;
  configuration: Record<string, unknown>;
  fetch: typeof fetch;
  now: number;
}

/** What became of a sending: failed for good, or worth another try. */
export type SendResult =
  | { kind: 'sent'; providerMessageId: string | null }
  | { kind: 'refused'; reason: string }
  | { kind: 'later'; reason: string; afterMs?: number };

/** A provider of channels. All but `send` is pure. */
export interface ChannelAdapter {
  name: string;
  /** Whether bodies are JSON: another media type is refused. */
  json?: boolean;
  /** Whether the request was signed with this secret. */
  verify(request: WebhookRequest, secret: string): boolean;
  /** The messages in a body; throws a ProblemError (400) for one that cannot be read. */
  parse(body: Buffer): InboundMessage[];
  /** What the provider is answered once its messages are stored. */
  answer(messages: readonly InboundMessage[]): { status: number; body: unknown };
  /**
   * The body of the 200 that a channel which is not active answers, so that its provider does not try again. By default the
   * body of an accepted message.
   */
  answerInactive?(messages: readonly InboundMessage[]): unknown;
  /**
   * What a channel with this configuration is handed. What is left out is not delivered: a provider without edits has no
   * `message_changed`. Without any, messages are read over the API.
   */
  deliverableKinds(configuration: Record<string, unknown>): readonly DeliveryKind[];
  send(outbound: OutboundMessage, context: SendContext): Promise<SendResult>;
}
