import { Controller } from '@nestjs/common';
import { Database } from '@parley/database';
import { OnTask, reasonOf, type Task, type TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import { toJob } from '../calls/shapes.ts';
import type { CallRow, Tables } from '../database.ts';
import { LiveKitAdapter } from './livekit.adapter.ts';
import { ROOM_QUEUE, type RoomTask } from './room-tasks.ts';

/** Does to rooms what was decided about their calls. */
@Controller()
export class RoomsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly calls: CallsRepository,
    private readonly rules: CallsService,
    private readonly liveKit: LiveKitAdapter,
    private readonly logger: Logger,
  ) {}

  @OnTask(ROOM_QUEUE, {
    concurrency: 16,
    maxAttempts: 6,
    timeoutMs: 20_000,
    backoffMs: (attempt) => Math.min(5000, 250 * 2 ** attempt),
  })
  async work(task: Task<RoomTask>, context: TaskContext<Tables>): Promise<void> {
    const { spaceId, key: callId, payload } = task;
    try {
      if (payload.action === 'close') await this.liveKit.closeRoom(callId);
      else await this.dispatch({ spaceId, callId, generation: payload.generation }, context);
    } catch (error) {
      if (!context.lastAttempt) throw error;
      // The watch over agents and the reconciler look at the room again: nothing is left to an operator.
      const about = { callId, action: payload.action, reason: reasonOf(error) };
      this.logger.warn(about, 'A room could not be reached');
    }
  }

  private async dispatch(
    wanted: { spaceId: string; callId: string; generation: number },
    context: TaskContext<Tables>,
  ): Promise<void> {
    const { spaceId, callId, generation } = wanted;
    const row = await this.database.withSpaces([spaceId], (trx) => this.calls.find(trx, spaceId, callId));
    if (!row || row.phase === 'ended' || row.generation !== generation) return;
    if (row.answered_at && (await this.liveKit.roomNames([callId])).length === 0)
      return this.endWithoutRoom(row, context);
    await this.liveKit.dispatch(toJob(row));
  }

  /** An agent called into a room that has gone would wait in an empty one. */
  private endWithoutRoom(row: CallRow, context: TaskContext<Tables>): Promise<void> {
    return context.settle(async (trx) => {
      const locked = await this.calls.lock(trx, row.space_id, row.id);
      if (locked) await this.rules.end(trx, locked, 'connection_lost');
    });
  }
}
