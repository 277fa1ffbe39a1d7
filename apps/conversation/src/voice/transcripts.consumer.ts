import { Controller } from '@nestjs/common';
import { type EventEnvelope, messageChanged, recordingDeleted } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { Tables } from '../database.ts';
import { toMessage } from '../shapes.ts';
import { TranscriptsRepository } from './transcripts.repository.ts';

/** Deletes the transcript of a call when its recording expires. */
@Controller()
export class TranscriptsConsumer {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly timelines: TimelinesService,
    private readonly transcripts: TranscriptsRepository,
  ) {}

  @OnEvent(recordingDeleted, { consumer: 'transcripts' })
  async onRecordingDeleted(
    events: EventEnvelope<typeof recordingDeleted>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    const expired = events.filter(({ data }) => data.reason === 'retention');
    const ids = expired.flatMap(({ data }) => data.conversationId ?? []);
    const timelines = this.timelines.open(await this.conversations.lockMany(trx, [...new Set(ids)]));
    for (const { spaceId, data } of expired) {
      const timeline = timelines.get(data.conversationId ?? '');
      if (timeline?.conversation.space_id !== spaceId) continue;
      const call = { spaceId, conversationId: timeline.conversation.id, callId: data.callId };
      for (const row of await this.transcripts.deleteTranscript(trx, call))
        timeline.add(messageChanged, { message: toMessage(row), change: 'deleted' });
    }
    await this.timelines.write(trx, timelines.values());
  }
}
