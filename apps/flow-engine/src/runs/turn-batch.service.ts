import { Injectable } from '@nestjs/common';
import { Tasks } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { FlowTrx } from '../database.ts';
import { RunsRepository } from './runs.repository.ts';
import { RunsService } from './runs.service.ts';
import { TURN_QUEUE } from './turn.ts';
import { type NewTurn, placeOfTurn, TurnBatch } from './turn-batch.ts';
import { TurnWriter } from './turn-writer.ts';

/**
 * Takes turns in the transaction of the facts they come from, as few statements for many runs. A turn that needs an answer
 * from outside, or stands behind one that is not yet done, becomes a task.
 */
@Injectable()
export class TurnBatchService {
  constructor(
    private readonly tasks: Tasks,
    private readonly runs: RunsService,
    private readonly repository: RunsRepository,
    private readonly writer: TurnWriter,
    private readonly logger: Logger,
  ) {}

  async take(trx: FlowTrx, turns: readonly NewTurn[]): Promise<void> {
    if (turns.length === 0) return;
    // First of all: what was committed before is seen below, and nothing comes in between.
    await this.repository.lockConversations(
      trx,
      turns.map(({ payload }) => payload.conversationId),
    );
    const waiting = await this.tasks.pendingKeys(trx, TURN_QUEUE, turns);
    const wanted = new Map(
      turns.map((turn) => [placeOfTurn(turn), { spaceId: turn.spaceId, ...turn.payload }]),
    );
    const runs = await this.runs.loadMany(
      trx,
      [...wanted].filter(([place]) => !waiting.has(place)).map(([, one]) => one),
    );
    const batch = new TurnBatch(runs, waiting);
    for (const turn of turns) if (!batch.take(turn)) this.unanswered(turn);
    await this.tasks.enqueue(trx, batch.later);
    await this.writer.writeMany(trx, batch.changedRuns(), batch.taken);
  }

  private unanswered({ spaceId, payload }: NewTurn): void {
    this.logger.warn(
      { spaceId, conversationId: payload.conversationId },
      'Nobody can answer: the agent or flow is gone or unpublished',
    );
  }
}
