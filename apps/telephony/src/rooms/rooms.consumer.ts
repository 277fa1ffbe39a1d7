import { Controller } from '@nestjs/common';
import { Database } from '@parley/database';
import { OnTask, reasonOf, type Task, type TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import { CallsRepository } from '../calls/calls.repository.ts';
import { toJob } from '../calls/shapes.ts';
import type { Tables } from '../database.ts';
import { LiveKitAdapter } from './livekit.adapter.ts';
import { ROOM_QUEUE, type RoomTask } from './room-tasks.ts';

/** Does to rooms what was decided about their calls. */
@Controller()
export class RoomsConsumer {
  constructor(
    private readonly database: Database<Tables>,
    private readonly calls: CallsRepository,
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
      else await this.dispatch({ spaceId, callId, generation: payload.generation });
    } catch (error) {
      if (!context.isLastAttempt) throw error;
      // The watch over agents and the reconciler look at the room again: nothing is left to an operator.
      const about = { callId, action: payload.action, reason: reasonOf(error) };
      this.logger.warn(about, 'Room unreachable');
    }
  }

  private async dispatch({
    spaceId,
    callId,
    generation,
  }: {
    spaceId: string;
    callId: string;
    generation: number;
  }): Promise<void> {
    const row = await this.database.withSpaces([spaceId], (trx) => this.calls.find(trx, spaceId, callId));
    if (!row || row.phase === 'ended' || row.generation !== generation) return;
    // Into a room that has gone no agent is called: its caller may come back, else the call ends before long.
    if (row.answered_at && (await this.liveKit.roomNames([callId])).length === 0) return;
    await this.liveKit.dispatch(toJob(row));
  }
}
