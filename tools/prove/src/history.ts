import { z } from 'zod';

/** A post that was begun: what was never begun may not be stored. */
const Posted = z.object({ type: z.literal('posted'), token: z.string() });

/** A post that was answered with success: from then on it may not be lost. */
const Accepted = z.object({
  type: z.literal('accepted'),
  poster: z.string(),
  /** Running number of the poster's posts. */
  place: z.int(),
  /** What the post is known by in the text of its message. */
  token: z.string(),
});

/** A message as the history holds it, read back in the end. */
const Stored = z.object({
  type: z.literal('stored'),
  conversationId: z.string(),
  sequence: z.int(),
  messageId: z.string(),
  author: z.enum(['contact', 'agent', 'account', 'system']),
  /** Of a post: its token. */
  token: z.string().nullable(),
  replyTo: z.string().nullable(),
});

/** Any entry of a conversation's history, message or not, in the order in which it was read back in the end. */
const Entry = z.object({ type: z.literal('entry'), conversationId: z.string(), sequence: z.int() });

/** An answer that arrived outside, at a callback. */
const Delivered = z.object({
  type: z.literal('delivered'),
  /** The same on each repeat of one delivery. */
  webhookId: z.string(),
  messageId: z.string(),
  /** Token of the post that it answers; null for what answers none, such as a greeting. */
  inReplyTo: z.string().nullable(),
});

/** A message that a viewer was shown by a socket. */
const Seen = z.object({
  type: z.literal('seen'),
  viewer: z.string(),
  conversationId: z.string(),
  sequence: z.int(),
  messageId: z.string(),
});

/** One line of a history. */
export const RecordSchema = z.discriminatedUnion('type', [Posted, Accepted, Stored, Entry, Delivered, Seen]);

/** One thing that happened. */
export type HistoryRecord = z.infer<typeof RecordSchema>;

/** Records of one kind. */
export type RecordOf<Type extends HistoryRecord['type']> = Extract<HistoryRecord, { type: Type }>;

/** What a history has to show. */
export interface Expectations {
  /** Each post has exactly one answer. */
  answered: boolean;
  /** Answers arrive at a callback. */
  delivered: boolean;
  /** Each conversation is followed by a viewer. */
  seen: boolean;
}
