import { Injectable } from '@nestjs/common';
import { type EventEnvelope, messageChanged, type speechFinished } from '@parley/contracts';
import { Logger } from '@parley/service';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx, MessageRow, StoredSpeech } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';
import { toMessage } from '../shapes.ts';
import { type PendingSpeech, SpeechRepository } from './speech.repository.ts';

type SpeechFinishedEvent = EventEnvelope<typeof speechFinished>;

/** Stores the speech data of messages. Data that arrives before its message is kept as pending. */
@Injectable()
export class SpeechService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly speech: SpeechRepository,
    private readonly timelines: TimelinesService,
    private readonly logger: Logger,
  ) {}

  async recordSpeech(trx: ConversationTrx, events: readonly SpeechFinishedEvent[]): Promise<void> {
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = this.timelines.open(locked);
    const rows = await this.findMessages(trx, events);
    const pending = await this.pendingByMessage(trx, timelines.values());
    const changed = new Map<string, MessageRow>();
    const newPending = new Map<string, PendingSpeech>();
    for (const { spaceId, data } of events) {
      const { conversationId, messageId } = data;
      const timeline = timelines.get(conversationId);
      if (timeline?.conversation.space_id !== spaceId) {
        this.logger.warn({ spaceId, conversationId, messageId }, 'Speech for an unknown conversation');
        continue;
      }
      const speech = speechOf(data);
      const row = changed.get(messageId) ?? rows.get(messageId);
      if (!row) {
        if (supersedes(speech, pending.get(messageId)?.speech ?? null)) {
          newPending.set(messageId, { spaceId, conversationId, messageId, speech });
          pending.set(messageId, { spaceId, conversationId, messageId, speech });
        }
        continue;
      }
      if (!acceptsSpeech(row, conversationId) || !supersedes(speech, row.speech)) continue;
      const updated = { ...row, speech, updated_at: new Date() };
      changed.set(messageId, updated);
      timeline.add(messageChanged, { message: toMessage(updated), change: 'speech' });
    }
    await this.speech.save(trx, [...changed.values()]);
    await this.speech.savePending(trx, [...newPending.values()]);
    await this.timelines.write(trx, timelines.values());
  }

  /** Returns the pending speech data of conversations, by message id. */
  async findPending(trx: ConversationTrx, timelines: Iterable<Timeline>): Promise<Map<string, StoredSpeech>> {
    const pending = await this.pendingByMessage(trx, timelines);
    return new Map([...pending].map(([id, { speech }]) => [id, speech]));
  }

  /** Returns the interrupted speech of messages that are not stored yet, in playback order, by conversation. */
  async findInterrupted(
    trx: ConversationTrx,
    timelines: Iterable<Timeline>,
  ): Promise<Map<string, { messageId: string; spoken: string }[]>> {
    const interrupted = new Map<string, { messageId: string; spoken: string }[]>();
    for (const { conversationId, messageId, speech } of (
      await this.pendingByMessage(trx, timelines)
    ).values()) {
      if (speech.interruptedAtMs === null) continue;
      interrupted.set(conversationId, [
        ...(interrupted.get(conversationId) ?? []),
        { messageId, spoken: speech.spoken },
      ]);
    }
    return interrupted;
  }

  /** Deletes pending speech data of messages that are now stored. */
  async deleteDelivered(trx: ConversationTrx, timelines: Iterable<Timeline>): Promise<void> {
    const ids = conversationsWithPending(timelines);
    if (ids.length > 0) await this.speech.deleteDelivered(trx, ids);
  }

  private async findMessages(
    trx: ConversationTrx,
    events: readonly SpeechFinishedEvent[],
  ): Promise<Map<string, MessageRow>> {
    const ids = new Set(events.map(({ data }) => data.messageId));
    const rows = await this.messages.findMany(trx, [...ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  private async pendingByMessage(
    trx: ConversationTrx,
    timelines: Iterable<Timeline>,
  ): Promise<Map<string, PendingSpeech>> {
    const rows = await this.speech.listPending(trx, conversationsWithPending(timelines));
    return new Map(rows.map((row) => [row.messageId, row]));
  }
}

function conversationsWithPending(timelines: Iterable<Timeline>): string[] {
  return [...timelines].flatMap(({ conversation }) => (conversation.awaits_speech ? [conversation.id] : []));
}

function speechOf(data: SpeechFinishedEvent['data']): StoredSpeech {
  const { generated, spoken, interruptedAtMs, startedAt, endedAt, attempt, callId } = data;
  return { generated, spoken, interruptedAtMs, startedAt, endedAt, attempt, callId };
}

/** Whether speech data applies to a message: it must be in the conversation, not from a contact and not deleted. */
function acceptsSpeech(row: MessageRow, conversationId: string): boolean {
  return row.conversation_id === conversationId && row.author.type !== 'contact' && !row.deleted_at;
}

/** Whether speech data replaces the current data: a later attempt or a later end wins. Repeats change nothing. */
function supersedes(candidate: StoredSpeech, current: StoredSpeech | null): boolean {
  if (!current || candidate.attempt !== current.attempt)
    return !current || candidate.attempt > current.attempt;
  return Date.parse(candidate.endedAt) > Date.parse(current.endedAt);
}
