import { Injectable } from '@nestjs/common';
import { type EventEnvelope, messageChanged, type speechFinished } from '@parley/contracts';
import { Logger } from '@parley/service';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ConversationTrx, MessageRow, StoredSpeech } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';
import { toMessage } from '../shapes.ts';
import { type AwaitedSpeech, SpeechRepository } from './speech.repository.ts';

type Finished = EventEnvelope<typeof speechFinished>;

/** Keeps what was heard of messages; what was spoken before its message is stored waits for it. */
@Injectable()
export class SpeechService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly speech: SpeechRepository,
    private readonly timelines: TimelinesService,
    private readonly logger: Logger,
  ) {}

  async finish(trx: ConversationTrx, events: readonly Finished[]): Promise<void> {
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = this.timelines.open(locked);
    const rows = await this.rowsOf(trx, events);
    const waiting = await this.waitingOf(trx, timelines.values());
    const changed = new Map<string, MessageRow>();
    const awaited = new Map<string, AwaitedSpeech>();
    for (const { spaceId, data } of events) {
      const { conversationId, messageId } = data;
      const timeline = timelines.get(conversationId);
      if (timeline?.conversation.space_id !== spaceId) {
        this.logger.warn({ spaceId, conversationId, messageId }, 'Something was spoken in no conversation');
        continue;
      }
      const speech = speechOf(data);
      const row = changed.get(messageId) ?? rows.get(messageId);
      if (!row) {
        if (follows(speech, waiting.get(messageId)?.speech ?? null)) {
          awaited.set(messageId, { spaceId, conversationId, messageId, speech });
          waiting.set(messageId, { spaceId, conversationId, messageId, speech });
        }
        continue;
      }
      if (!takes(row, conversationId) || !follows(speech, row.speech)) continue;
      const next = { ...row, speech, updated_at: new Date() };
      changed.set(messageId, next);
      timeline.add(messageChanged, { message: toMessage(next), change: 'speech' });
    }
    await this.speech.save(trx, [...changed.values()]);
    await this.speech.await(trx, [...awaited.values()]);
    await this.timelines.write(trx, timelines.values());
  }

  /** What waits for messages of these conversations, by the message's id; nothing is asked where nothing waits. */
  async awaited(trx: ConversationTrx, timelines: Iterable<Timeline>): Promise<Map<string, StoredSpeech>> {
    const waiting = await this.waitingOf(trx, timelines);
    return new Map([...waiting].map(([id, { speech }]) => [id, speech]));
  }

  /** What was cut short of answers that are not posted yet, in the order it was spoken, by conversation. */
  async cutShort(
    trx: ConversationTrx,
    timelines: Iterable<Timeline>,
  ): Promise<Map<string, { messageId: string; spoken: string }[]>> {
    const found = new Map<string, { messageId: string; spoken: string }[]>();
    for (const { conversationId, messageId, speech } of (await this.waitingOf(trx, timelines)).values()) {
      if (speech.interruptedAtMs === null) continue;
      found.set(conversationId, [...(found.get(conversationId) ?? []), { messageId, spoken: speech.spoken }]);
    }
    return found;
  }

  /** Forgets what the messages that are stored now have waited for. */
  async forget(trx: ConversationTrx, timelines: Iterable<Timeline>): Promise<void> {
    const ids = waitingIds(timelines);
    if (ids.length > 0) await this.speech.forget(trx, ids);
  }

  private async rowsOf(trx: ConversationTrx, events: readonly Finished[]): Promise<Map<string, MessageRow>> {
    const ids = new Set(events.map(({ data }) => data.messageId));
    const rows = await this.messages.findMany(trx, [...ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  private async waitingOf(
    trx: ConversationTrx,
    timelines: Iterable<Timeline>,
  ): Promise<Map<string, AwaitedSpeech>> {
    const rows = await this.speech.awaited(trx, waitingIds(timelines));
    return new Map(rows.map((row) => [row.messageId, row]));
  }
}

function waitingIds(timelines: Iterable<Timeline>): string[] {
  return [...timelines].flatMap(({ conversation }) => (conversation.awaits_speech ? [conversation.id] : []));
}

function speechOf(data: Finished['data']): StoredSpeech {
  const { generated, spoken, interruptedAtMs, startedAt, endedAt, attempt, callId } = data;
  return { generated, spoken, interruptedAtMs, startedAt, endedAt, attempt, callId };
}

/** Whether a message can have been spoken there: a contact's was said by the contact, a deleted one is gone. */
function takes(row: MessageRow, conversationId: string): boolean {
  return row.conversation_id === conversationId && row.author.type !== 'contact' && !row.deleted_at;
}

/** A later attempt replaces an earlier one, and what ended later what ended before; a repeat changes nothing. */
function follows(next: StoredSpeech, before: StoredSpeech | null): boolean {
  if (!before || next.attempt !== before.attempt) return !before || next.attempt > before.attempt;
  return Date.parse(next.endedAt) > Date.parse(before.endedAt);
}
