import { Injectable } from '@nestjs/common';
import type { Principal } from '@parley/contracts';
import { requireVisible } from '../access.ts';
import type { ConversationRow, ConversationTrx, MessageRow } from '../database.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { Timeline } from './timeline.ts';
import { TimelinesRepository } from './timelines.repository.ts';

/** Opens timelines over locked conversations, and writes many of them as few statements. */
@Injectable()
export class TimelinesService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly timelines: TimelinesRepository,
  ) {}

  /** Timelines over conversations whose rows are locked in this transaction. */
  open(rows: readonly ConversationRow[]): Map<string, Timeline> {
    return new Map(rows.map((row) => [row.id, new Timeline(row)]));
  }

  /** Locks a conversation. @throws ProblemError 404 if the principal cannot see it */
  async lock(
    trx: ConversationTrx,
    place: { spaceId: string; conversationId: string },
    principal: Principal,
  ): Promise<Timeline> {
    const row = requireVisible(
      principal,
      await this.conversations.lock(trx, place.spaceId, place.conversationId),
    );
    return new Timeline(row);
  }

  /** Writes the changes of timelines. @returns the stored messages */
  async write(trx: ConversationTrx, timelines: Iterable<Timeline>): Promise<MessageRow[]> {
    const changed = [...timelines].filter((timeline) => timeline.isChanged);
    if (changed.length === 0) return [];
    const messages = changed.flatMap((timeline) => timeline.messages);
    await this.timelines.write(trx, {
      conversations: changed.map(({ conversation }) => conversation),
      messages,
      events: changed.flatMap((timeline) => timeline.events),
      active: changed.flatMap(({ conversation, activeAt }) =>
        activeAt ? [{ spaceId: conversation.space_id, id: conversation.id, at: activeAt }] : [],
      ),
    });
    return messages;
  }
}
