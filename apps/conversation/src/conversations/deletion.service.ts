import { Injectable } from '@nestjs/common';
import { conflict, conversationDeleted } from '@parley/contracts';
import type { ConversationRow, ConversationTrx } from '../database.ts';
import { LiveCallsRepository } from '../voice/live-calls.repository.ts';
import { DeletionRepository } from './deletion.repository.ts';
import { TimelinesService } from './timelines.service.ts';

/** Deletes conversations and rooms for good: nothing of what was said can be read here any more. */
@Injectable()
export class DeletionService {
  constructor(
    private readonly deletions: DeletionRepository,
    private readonly timelines: TimelinesService,
    private readonly calls: LiveCallsRepository,
  ) {}

  /**
   * Deletes conversations of a space, which are locked. Their last event tells the others.
   * @throws ProblemError 409 while a call goes on in one of them
   */
  async delete(trx: ConversationTrx, spaceId: string, rows: readonly ConversationRow[]): Promise<void> {
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    if (await this.calls.goOn(trx, spaceId, ids)) throw callLive();
    const timelines = this.timelines.open(rows);
    for (const timeline of timelines.values()) timeline.add(conversationDeleted, {});
    await this.timelines.write(trx, timelines.values());
    await this.deletions.remove(trx, spaceId, rows);
  }

  /** Deletes a room, which is locked, with its conversations. */
  async deleteRoom(trx: ConversationTrx, spaceId: string, roomId: string): Promise<void> {
    await this.delete(trx, spaceId, await this.deletions.lockRoom(trx, spaceId, roomId));
    await this.deletions.removeRoom(trx, spaceId, roomId);
  }
}

function callLive() {
  return conflict('A call goes on in the conversation. Hang up first, then delete it.', 'call_live');
}
