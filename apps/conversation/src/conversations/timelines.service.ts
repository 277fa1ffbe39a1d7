import { Injectable } from '@nestjs/common';
import { EventLog } from '@parley/messaging';
import type { ConversationRow, ConversationTrx, MessageRow } from '../database.ts';
import { MessagesRepository } from '../messages/messages.repository.ts';
import { ConversationsRepository } from './conversations.repository.ts';
import { Timeline } from './timeline.ts';
import { TimelinesRepository } from './timelines.repository.ts';

/** Opens timelines over locked conversations, and writes many of them as few statements. */
@Injectable()
export class TimelinesService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly timelines: TimelinesRepository,
    private readonly events: EventLog,
  ) {}

  /** Timelines over conversations whose rows are locked in this transaction. */
  async open(trx: ConversationTrx, rows: readonly ConversationRow[]): Promise<Map<string, Timeline>> {
    const participants = await this.conversations.participants(
      trx,
      rows.map((row) => row.id),
    );
    return new Map(
      rows.map((row) => [
        row.id,
        new Timeline(
          row,
          participants.filter((one) => one.parent_id === row.id),
        ),
      ]),
    );
  }

  /** Writes what timelines collected; answers the messages as they are stored. */
  async write(trx: ConversationTrx, timelines: Iterable<Timeline>): Promise<MessageRow[]> {
    const changed = [...timelines].filter((timeline) => timeline.changed);
    if (changed.length === 0) return [];
    await this.timelines.save(
      trx,
      changed.map(({ conversation }) => conversation),
    );
    const stored = await this.messages.insert(
      trx,
      changed.flatMap((timeline) => timeline.messages),
    );
    await this.events.append(
      trx,
      changed.flatMap((timeline) => timeline.events),
    );
    return stored;
  }
}
