import {
  conversationDeleted,
  type EventData,
  messageChanged,
  messagePosted,
  streamName,
} from '@parley/contracts';
import { followLog, type NatsConnection } from '@parley/messaging';
import type { Logger } from '@parley/service';

/** What is followed, and until when. */
export interface Followed {
  spaceId: string;
  conversationId: string;
  /** Events behind this sequence are told. */
  afterSequence: number;
  signal: AbortSignal;
}

/** What a follower is told of, each event once and in order. */
export interface Follower {
  posted(data: EventData<typeof messagePosted>): void;
  changed(data: EventData<typeof messageChanged>): void;
  /** The conversation was deleted: nothing follows. */
  deleted(): void;
}

/** Follows one conversation through reconnects; its sequence tells what was told already. */
export async function followConversation(
  parts: { nats: NatsConnection; logger: Pick<Logger, 'warn'> },
  { spaceId, conversationId, afterSequence, signal }: Followed,
  follower: Follower,
): Promise<void> {
  const subjects = [`conversation.*.${spaceId}.${conversationId}.*`];
  let last = afterSequence;
  const tell = (name: string, data: { sequence: number }): void => {
    if (data.sequence <= last) return;
    last = data.sequence;
    if (name === messagePosted.name) follower.posted(data as EventData<typeof messagePosted>);
    if (name === messageChanged.name) follower.changed(data as EventData<typeof messageChanged>);
    if (name === conversationDeleted.name) follower.deleted();
  };
  const log = { stream: streamName('conversation'), subjects, from: 1, signal };
  await followLog(parts.nats, log, {
    onMessage: (message) => tell(message.subject.split('.').slice(0, 2).join('.'), message.json()),
    onFailed: (error) =>
      parts.logger.warn({ err: error, conversationId }, 'Conversation feed failed, reopening'),
  });
}
