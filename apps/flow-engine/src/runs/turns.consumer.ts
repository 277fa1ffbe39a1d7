import { Controller } from '@nestjs/common';
import { isRetryable } from '@parley/database';
import {
  type GiveUpContext,
  OnGiveUp,
  OnTask,
  reasonOf,
  RetryableError,
  type Task,
  type TaskContext,
} from '@parley/messaging';
import { Logger } from '@parley/service';
import { AnswersService } from '../answers/answers.service.ts';
import type { Tables } from '../database.ts';
import { textParts } from '../steps/step.ts';
import type { Turn } from './reducer.ts';
import { type LoadedRun, placeOf, RunsService } from './runs.service.ts';
import { TURN_QUEUE, type TurnPayload } from './turn.ts';
import {
  answerTurn,
  isQuiet,
  noteTurn,
  type QuietPayload,
  type SpokenPayload,
  takeTurn,
} from './turn-taking.ts';
import { afterTurn, takenTurn, TurnWriter } from './turn-writer.ts';

type TurnTask = Task<TurnPayload>;
type Context = TaskContext<Tables>;

const APOLOGY = 'Something went wrong on my side. I am asking a person to join this conversation.';
/** Attempts at a turn that fails by itself; a process that died in the midst of it does not end the run. */
const ATTEMPTS = 3;

/** Does one turn of a run: what was said goes into the flow, what the flow says is settled in one transaction. */
@Controller()
export class TurnsConsumer {
  constructor(
    private readonly runs: RunsService,
    private readonly answers: AnswersService,
    private readonly writer: TurnWriter,
    private readonly logger: Logger,
  ) {}

  @OnTask(TURN_QUEUE, { concurrency: 16, maxAttempts: 8 })
  async take(task: TurnTask, context: Context): Promise<void> {
    const { payload, spaceId } = task;
    const run = await this.runs.load({ spaceId, ...payload });
    if (!run) {
      this.logger.warn(
        { spaceId, conversationId: payload.conversationId },
        'Nobody can answer: the agent or flow is gone or unpublished',
      );
      return;
    }
    if (isQuiet(payload)) return this.note(run, payload, context);
    if (payload.kind === 'start' && run.revision !== null) return;
    const startedAt = new Date();
    const turn = await this.advance(run, { task, payload, context }).catch((error: unknown) =>
      this.giveUp(run, { task, context, error }),
    );
    const taken = takenTurn(run, { turn, payload, startedAt, attempt: task.attempt });
    await context.settle((trx) => this.writer.write(trx, run, afterTurn(taken), [taken]));
  }

  /** A step that fails each time ends its run, with the reason and a person asked for: what comes after is not held up. */
  private giveUp(
    run: LoadedRun,
    { task, context, error }: { task: TurnTask; context: Context; error: unknown },
  ): Turn {
    const { spaceId, payload, attempt } = task;
    if (context.signal.aborted || error instanceof RetryableError || isRetryable(error) || attempt < ATTEMPTS)
      throw error;
    const { conversationId } = payload;
    this.logger.error({ spaceId, conversationId, runId: run.id, err: error }, 'A run is given up');
    return failedTurn(run, payload, { attempt, error });
  }

  /** What is given up otherwise, an attempt that ends its process above all, leaves nobody waiting in silence either. */
  @OnGiveUp(TURN_QUEUE)
  async abandon(task: TurnTask, { trx, error }: GiveUpContext<Tables>): Promise<void> {
    const { spaceId, payload, attempt } = task;
    if (isQuiet(payload)) return;
    const wanted = { spaceId, ...payload };
    const run = (await this.runs.loadMany(trx, [wanted])).get(placeOf(wanted));
    if (!run) return;
    const turn = failedTurn(run, payload, { attempt, error });
    const taken = takenTurn(run, { turn, payload, startedAt: new Date(), attempt });
    await this.writer.write(trx, run, afterTurn(taken), [taken]);
  }

  private async note(run: LoadedRun, payload: QuietPayload, context: Context): Promise<void> {
    const noted = noteTurn(run, payload);
    if (noted) await context.settle((trx) => this.writer.write(trx, run, noted, []));
  }

  private async advance(
    run: LoadedRun,
    { task, payload, context }: { task: TurnTask; payload: SpokenPayload; context: Context },
  ): Promise<Turn> {
    const turn = takeTurn(run, payload);
    if (payload.kind !== 'message' || !turn.question) return turn;
    const answer = await this.answers.answer({
      spaceId: run.spaceId,
      conversationId: run.conversationId,
      agentId: turn.question.agentId ?? run.responder.agentId,
      agent: run.agent,
      question: turn.question.text,
      history: turn.state.history,
      messageId: payload.replyId,
      replyTo: payload.messageId,
      spoken: payload.spoken === true,
      attempt: task.attempt,
      signal: context.signal,
    });
    return answerTurn(run, turn, { messageId: payload.messageId, answer });
  }
}

/** The last turn of a run that cannot go on: it says so, and asks for a person with the reason. */
function failedTurn(
  run: LoadedRun,
  payload: TurnPayload,
  { attempt, error }: { attempt: number; error: unknown },
): Turn {
  const replyTo = payload.kind === 'message' ? payload.messageId : null;
  return {
    state: { ...run.state, status: 'failed' },
    effects: [{ kind: 'say', parts: textParts(APOLOGY), replyTo }],
    trace: [],
    question: null,
    failure: `Step "${run.state.stepId ?? ''}" failed ${attempt} times: ${reasonOf(error)}`,
  };
}
