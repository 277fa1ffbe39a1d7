import { Injectable } from '@nestjs/common';
import type { Author, EventEnvelope, turnTranscribed } from '@parley/contracts';
import { Logger } from '@parley/service';
import { ContactsRepository } from '../contacts/contacts.repository.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { ContactRow, ConversationTrx, StoredSpeech } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';
import { SpeechService } from './speech.service.ts';

type TurnTranscribedEvent = EventEnvelope<typeof turnTranscribed>;

/** Posts callers' turns, spoken or typed, as messages of their conversations. */
@Injectable()
export class TranscribedTurnsService {
  constructor(
    private readonly contacts: ContactsRepository,
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly speech: SpeechService,
    private readonly timelines: TimelinesService,
    private readonly logger: Logger,
  ) {}

  async postTurns(trx: ConversationTrx, events: readonly TurnTranscribedEvent[]): Promise<void> {
    const locked = await this.conversations.lockMany(trx, [
      ...new Set(events.map(({ data }) => data.conversationId)),
    ]);
    const timelines = this.timelines.open(locked);
    const stored = await this.messages.providerIds(
      trx,
      events.map(({ data }) => data.messageId),
    );
    const storedIds = new Set(stored.keys());
    const callers = await this.findCallers(trx, [...timelines.values()]);
    const interrupted = await this.speech.findInterrupted(trx, timelines.values());
    for (const { spaceId, data } of events) {
      const { conversationId, messageId } = data;
      const timeline = timelines.get(conversationId);
      if (timeline?.conversation.space_id !== spaceId) {
        this.logger.warn({ spaceId, conversationId, messageId }, 'Transcript for an unknown conversation');
        continue;
      }
      if (storedIds.has(messageId)) continue;
      storedIds.add(messageId);
      const contact = callers.get(timeline.conversation.contact_id ?? '');
      this.appendTurn(timeline, data, {
        author: authorOf(timeline, contact),
        heard: interrupted.get(conversationId),
      });
    }
    await this.timelines.write(trx, timelines.values());
  }

  private appendTurn(
    timeline: Timeline,
    data: TurnTranscribedEvent['data'],
    { author, heard }: { author: Author; heard: { messageId: string; spoken: string }[] | undefined },
  ): void {
    const { callId, typed, confidence, text, messageId, language } = data;
    const { status, id, space_id: spaceId } = timeline.conversation;
    const isClosed = status === 'closed';
    if (isClosed)
      this.logger.warn(
        { spaceId, conversationId: id, messageId, callId },
        'Turn in a closed conversation stored as a note',
      );
    if (status === 'paused') timeline.setStatus('open');
    timeline.post({
      id: messageId,
      author,
      parts: [{ type: 'text', text, format: 'plain' }],
      internal: isClosed,
      speech: typed ? null : speechOf(data),
      metadata: {
        voice: { callId, typed, confidence },
        ...(isClosed ? { withheld: 'conversation_closed' } : {}),
      },
      wakes: !isClosed && timeline.conversation.owner === 'flow',
      heard,
      language,
    });
  }

  private async findCallers(
    trx: ConversationTrx,
    timelines: readonly Timeline[],
  ): Promise<Map<string, ContactRow>> {
    const bySpace = new Map<string, Set<string>>();
    for (const { conversation } of timelines) {
      const { space_id: spaceId, contact_id: contactId } = conversation;
      if (contactId) bySpace.set(spaceId, (bySpace.get(spaceId) ?? new Set()).add(contactId));
    }
    const callers = new Map<string, ContactRow>();
    for (const [spaceId, ids] of bySpace)
      for (const row of await this.contacts.findMany(trx, spaceId, [...ids])) callers.set(row.id, row);
    return callers;
  }
}

/** An unnamed caller appears as in chat: as "Visitor" or by its address. */
function authorOf({ conversation }: Timeline, contact: ContactRow | undefined): Author {
  const { contact_id: contactId, deployment_type: type, sender_id: senderId } = conversation;
  const unnamed = type === 'WEB' || type === 'MOBILE' ? 'Visitor' : (senderId ?? 'Caller');
  return { type: 'contact', contactId, name: contact?.name ?? unnamed };
}

function speechOf(data: TurnTranscribedEvent['data']): StoredSpeech {
  const { text, startOfSpeechAt, endOfSpeechAt, endOfTurnAt } = data;
  const endedAt = endOfSpeechAt ?? endOfTurnAt;
  return {
    generated: text,
    spoken: text,
    interruptedAtMs: null,
    startedAt: startOfSpeechAt ?? endedAt,
    endedAt,
    attempt: 1,
  };
}
