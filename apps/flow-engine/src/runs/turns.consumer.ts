import { Controller } from '@nestjs/common';
import { isDataException, isRetryable } from '@parley/database';
import {
  type TaskFailureContext,
  OnTaskFailed,
  OnTask,
  reasonOf,
  RetryableError,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import { Logger } from '@parley/service';
import { AnswersService } from '../answers/answers.service.ts';
import type { Tables } from '../database.ts';
import { isOrphaned } from './orphans.ts';
import { failedTurn, type Turn } from './reducer.ts';
import { RunFailure } from '../steps/run-failure.ts';
import { questionOf } from './question.ts';
import { type LoadedRun, placeOf, RunsService } from './runs.service.ts';
import { TurnBatchService } from './turn-batch.service.ts';
import { type NewTurn, TURN_QUEUE, type TurnPayload } from './turn.ts';
import {
  answeredBy,
  isQuiet,
  noteTurn,
  playTurn,
  type QuietPayload,
  type SpokenPayload,
  stateOf,
} from './turn-taking.ts';
import { afterTurn, takenTurn, TurnWriter } from './turn-writer.ts';

type TurnTask = Task<TurnPayload>;
type Context = TaskContext<Tables>;

/** Attempts at a turn that fails by itself; a process that died in the midst of it does not end the run. */
const ATTEMPTS = 3;

/** Does one turn of a run: what was said goes into the flow, what the flow says is settled in one transaction. */
@Controller()
export class TurnsConsumer {
  constructor(
    private readonly runs: RunsService,
    private readonly answers: AnswersService,
    private readonly writer: TurnWriter,
    private readonly turns: TurnBatchService,
    private readonly logger: Logger,
  ) {}

  @OnTask(TURN_QUEUE, { concurrency: 16, maxAttempts: 8 })
  async take(task: TurnTask, context: Context): Promise<void> {
    const { payload, spaceId } = task;
    const run = await this.runs.load({ spaceId, ...payload });
    if (!run || isOrphaned(run)) {
      await context.complete((trx) => this.turns.abandonLater(trx, { turn: toTurn(task), run }));
      return;
    }
    if (isQuiet(payload)) return this.note(run, payload, context);
    if (payload.kind === 'start' && run.revision !== null) return;
    const startedAt = new Date();
    const turn = await this.advance(run, { task, payload, context }).catch((error: unknown) =>
      this.giveUp(run, { task, context, error }),
    );
    const taken = takenTurn(run, { turn, payload, startedAt, attempt: task.attempt });
    await context.complete((trx) => this.writer.write(trx, run, afterTurn(taken), [taken]));
  }

  /** A step that fails each time ends its run, with the reason and a person asked for: what comes after is not held up. */
  private giveUp(
    run: LoadedRun,
    { task, context, error }: { task: TurnTask; context: Context; error: unknown },
  ): Turn {
    const { spaceId, payload, attempt } = task;
    const isFinal = error instanceof RunFailure || isDataException(error);
    const isPassing = !isFinal && (error instanceof RetryableError || isRetryable(error));
    if (context.signal.aborted || isPassing || (!isFinal && attempt < ATTEMPTS)) throw error;
    const { conversationId } = payload;
    this.logger.error(
      { spaceId, conversationId, runId: run.id, err: error },
      'Run failed, no further attempts',
    );
    return givenUp(run, payload, { attempt, error });
  }

  /** What is given up otherwise, an attempt that ends its process above all, leaves nobody waiting in silence either. */
  @OnTaskFailed(TURN_QUEUE)
  async abandon(task: TurnTask, { trx, error }: TaskFailureContext<Tables>): Promise<void> {
    const { spaceId, payload, attempt } = task;
    if (isQuiet(payload)) return;
    const wanted = { spaceId, ...payload };
    const run = (await this.runs.loadMany(trx, [wanted])).get(placeOf(wanted)) ?? null;
    if (!run || isOrphaned(run)) return this.turns.abandonLater(trx, { turn: toTurn(task), run });
    const turn = givenUp(run, payload, { attempt, error });
    const taken = takenTurn(run, { turn, payload, startedAt: new Date(), attempt });
    await this.writer.write(trx, run, afterTurn(taken), [taken]);
  }

  private async note(run: LoadedRun, payload: QuietPayload, context: Context): Promise<void> {
    const noted = noteTurn(run, payload);
    if (noted) await context.complete((trx) => this.writer.write(trx, run, noted, []));
  }

  private async advance(
    run: LoadedRun,
    { task, payload, context }: { task: TurnTask; payload: SpokenPayload; context: Context },
  ): Promise<Turn> {
    return playTurn(run, payload, (question, at) =>
      this.answers.answer({
        ...questionOf(run, payload, question, at),
        attempt: task.attempt,
        signal: context.signal,
      }),
    );
  }
}

function toTurn({ id, key, spaceId, payload }: TurnTask): NewTurn {
  return { queue: TURN_QUEUE, id, key, spaceId, payload };
}

/** The last turn of a run that cannot go on: it says so, and asks for a person with the reason. */
function givenUp(
  run: LoadedRun,
  payload: TurnPayload,
  { attempt, error }: { attempt: number; error: unknown },
): Turn {
  const reason = reasonOf(error);
  const failure =
    error instanceof RunFailure
      ? reason
      : `Step "${run.state.stepId ?? ''}" failed ${attempt} times: ${reason}`;
  return failedTurn({ state: stateOf(run, payload), trace: [] }, failure, answeredBy(payload));
}
