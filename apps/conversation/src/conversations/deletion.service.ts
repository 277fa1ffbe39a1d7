import { Injectable } from '@nestjs/common';
import { conflict, conversationDeleted } from '@parley/contracts';
import type { ConversationRow, ConversationTrx } from '../database.ts';
import { LiveCallsRepository } from '../voice/live-calls.repository.ts';
import { DeletionRepository } from './deletion.repository.ts';
import { TimelinesService } from './timelines.service.ts';

/** Deletes conversations and rooms permanently, with their messages. */
@Injectable()
export class DeletionService {
  constructor(
    private readonly deletions: DeletionRepository,
    private readonly timelines: TimelinesService,
    private readonly calls: LiveCallsRepository,
  ) {}

  /**
   * Deletes locked conversations of a space. Their last event notifies other services.
   * @throws ProblemError 409 while one of them has a live call
   */
  async delete(trx: ConversationTrx, spaceId: string, rows: readonly ConversationRow[]): Promise<void> {
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    if (await this.calls.hasLiveCall(trx, spaceId, ids)) throw callLiveConflict();
    const timelines = this.timelines.open(rows);
    for (const timeline of timelines.values()) timeline.add(conversationDeleted, {});
    await this.timelines.write(trx, timelines.values());
    await this.deletions.deleteConversations(trx, spaceId, rows);
  }

  /** Deletes a locked room with its conversations. */
  async deleteRoom(trx: ConversationTrx, spaceId: string, roomId: string): Promise<void> {
    await this.delete(trx, spaceId, await this.deletions.lockRoomConversations(trx, spaceId, roomId));
    await this.deletions.deleteRoom(trx, spaceId, roomId);
  }
}

function callLiveConflict() {
  return conflict('A call goes on in the conversation. Hang up first, then delete it.', 'call_live');
}
