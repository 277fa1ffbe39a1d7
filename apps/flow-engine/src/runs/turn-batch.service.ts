import { Injectable } from '@nestjs/common';
import { EventLog, Tasks } from '@parley/messaging';
import { Logger } from '@parley/service';
import { AnswersService } from '../answers/answers.service.ts';
import type { FlowTrx } from '../database.ts';
import { RunsRepository } from './runs.repository.ts';
import { RunsService } from './runs.service.ts';
import { abandon, type Orphan } from './orphans.ts';
import { type NewTurn, responderId, TURN_QUEUE } from './turn.ts';
import { questionOf } from './question.ts';
import { answeredBy, playTurn } from './turn-taking.ts';
import { placeOfTurn, type PlayAtOnce, TurnBatch } from './turn-batch.ts';
import { afterTurn, TurnWriter } from './turn-writer.ts';

/** Time that the answers of a batch may take: what comes after is left to tasks, as others wait for the same commit. */
const ANSWERS_MS = 50;
/** Turns that are remembered because they failed at once. */
const MAX_FAILED = 1000;

/** The answer needs a task. */
class AnswerLater extends Error {
  override readonly name = 'AnswerLater';
}

/**
 * Takes turns in the transaction of the facts they come from, as few statements for many runs. A turn whose answer takes
 * time or comes from outside, or that stands behind one that is not yet done, becomes a task (decision 031).
 */
@Injectable()
export class TurnBatchService {
  /** Ids of turns that failed at once. */
  private readonly failed = new Set<string>();

  constructor(
    private readonly tasks: Tasks,
    private readonly runs: RunsService,
    private readonly repository: RunsRepository,
    private readonly writer: TurnWriter,
    private readonly events: EventLog,
    private readonly answers: AnswersService,
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
    const batch = new TurnBatch(runs, waiting, this.playAtOnce(trx));
    for (const turn of turns) await batch.take(turn);
    await this.tasks.enqueue(trx, batch.later);
    await this.writer.writeMany(trx, batch.changedRuns(), batch.taken);
    await this.abandon(trx, batch.orphans, (turn) => isTakenByAnother(turn, turns, batch.orphans));
  }

  /** Takes turns whose answers are found in this transaction, in little time. */
  private playAtOnce(trx: FlowTrx): PlayAtOnce {
    const began = performance.now();
    return async (turn, run, payload) => {
      if (this.failed.has(turn.id) || performance.now() - began > ANSWERS_MS) return null;
      try {
        return await playTurn(run, payload, async (...asked) => {
          const answer = await this.answers.answerAtOnce(trx, questionOf(run, payload, ...asked));
          if (!answer) throw new AnswerLater();
          return answer;
        });
      } catch (error) {
        if (error instanceof AnswerLater) return null;
        this.leaveToTask(turn);
        throw error;
      }
    };
  }

  /** The transaction may be lost: when the event comes again, the turn becomes a task, which ends with an apology at worst. */
  private leaveToTask({ id }: NewTurn): void {
    const [oldest] = this.failed;
    if (this.failed.size >= MAX_FAILED && oldest !== undefined) this.failed.delete(oldest);
    this.failed.add(id);
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
