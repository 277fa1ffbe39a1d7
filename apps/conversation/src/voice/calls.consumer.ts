import { Controller } from '@nestjs/common';
import { callEnded, type EventEnvelope } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import type { Timeline } from '../conversations/timeline.ts';
import { TimelinesService } from '../conversations/timelines.service.ts';
import type { Tables } from '../database.ts';
import { LiveCallsRepository } from './live-calls.repository.ts';

type CallEndedEvent = EventEnvelope<typeof callEnded>;

/** Updates conversations when their calls end. */
@Controller()
export class CallsConsumer {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly timelines: TimelinesService,
    private readonly calls: LiveCallsRepository,
  ) {}

  /** Handles each call end once: a repeated event must not close a reopened conversation. */
  @OnEvent(callEnded, { consumer: 'calls' })
  async onCallEnded(events: CallEndedEvent[], { trx }: EventContext<Tables>): Promise<void> {
    await this.calls.recordEnds(
      trx,
      events.map(({ spaceId, data }) => ({ spaceId, callId: data.callId })),
    );
    const ids = events.flatMap(({ data }) => data.conversationId ?? []);
    const timelines = this.timelines.open(await this.conversations.lockMany(trx, [...new Set(ids)]));
    for (const { spaceId, data } of events) {
      const timeline = timelines.get(data.conversationId ?? '');
      if (timeline?.conversation.space_id === spaceId) applyAfterCall(timeline, data.afterCall);
    }
    await this.timelines.write(trx, timelines.values());
  }
}

/** Applies `afterCall`. A closed conversation stays closed, because its sender may have a newer one. */
function applyAfterCall(timeline: Timeline, afterCall: CallEndedEvent['data']['afterCall']): void {
  if (timeline.conversation.status === 'closed' || afterCall === 'keep') return;
  timeline.setStatus(afterCall === 'close' ? 'closed' : 'paused');
}
