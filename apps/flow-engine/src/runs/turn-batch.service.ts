import { Injectable } from '@nestjs/common';
import { EventLog, Tasks } from '@parley/messaging';
import { Logger } from '@parley/service';
import type { FlowTrx } from '../database.ts';
import { RunsRepository } from './runs.repository.ts';
import { RunsService } from './runs.service.ts';
import { abandon, type Orphan } from './orphans.ts';
import { type NewTurn, responderId, TURN_QUEUE } from './turn.ts';
import { answeredBy } from './turn-taking.ts';
import { placeOfTurn, TurnBatch } from './turn-batch.ts';
import { afterTurn, TurnWriter } from './turn-writer.ts';

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
    private readonly events: EventLog,
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
    for (const turn of turns) batch.take(turn);
    await this.tasks.enqueue(trx, batch.later);
    await this.writer.writeMany(trx, batch.changedRuns(), batch.taken);
    await this.abandon(trx, batch.orphans, (turn) => isTakenByAnother(turn, turns, batch.orphans));
  }

  /** What a task finds nobody for any more. */
  async abandonLater(trx: FlowTrx, orphan: Orphan): Promise<void> {
    const { conversationId, responder } = orphan.turn.payload;
    await this.repository.lockConversations(trx, [conversationId]);
    const live = await this.repository.respondersIn(trx, [conversationId]);
    const others = live.filter((one) => responderId(one.responder) !== responderId(responder));
    await this.abandon(trx, [orphan], () => others.length > 0);
  }

  private async abandon(
    trx: FlowTrx,
    orphans: readonly Orphan[],
    isAnswered: (turn: NewTurn) => boolean,
  ): Promise<void> {
    for (const { turn } of orphans)
      this.logger.warn(
        { spaceId: turn.spaceId, conversationId: turn.payload.conversationId },
        'No responder: agent or flow deleted or unpublished',
      );
    const { taken, events } = abandon(orphans, isAnswered);
    await this.writer.writeMany(trx, taken.map(afterTurn), taken);
    await this.events.append(trx, events);
  }
}

/** Whether another agent of the conversation takes the same message. */
function isTakenByAnother(
  { id, payload }: NewTurn,
  turns: readonly NewTurn[],
  orphans: readonly Orphan[],
): boolean {
  const gone = new Set(orphans.map(({ turn }) => turn.id));
  return turns.some(
    (other) => other.id !== id && !gone.has(other.id) && answeredBy(other.payload) === answeredBy(payload),
  );
}
