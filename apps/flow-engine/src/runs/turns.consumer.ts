import { Controller } from '@nestjs/common';
import { isRetryable } from '@parley/database';
import { OnTask, reasonOf, RetryableError, type Task, type TaskContext } from '@parley/messaging';
import { Logger } from '@parley/service';
import { AnswersService } from '../answers/answers.service.ts';
import type { Tables } from '../database.ts';
import { type StepInput, textParts } from '../steps/step.ts';
import { reduce, type Turn } from './reducer.ts';
import { type LoadedRun, remember, RunsService } from './runs.service.ts';
import { RunsRepository } from './runs.repository.ts';
import { TURN_QUEUE, type TurnPayload } from './turn.ts';
import { TurnWriter } from './turn-writer.ts';

type TurnTask = Task<TurnPayload>;
type Context = TaskContext<Tables>;
type MessagePayload = Extract<TurnPayload, { kind: 'message' }>;

const APOLOGY = 'Something went wrong on my side. I am asking a person to join this conversation.';
/** Attempts at a turn that fails by itself; a process that died in the midst of it does not end the run. */
const ATTEMPTS = 3;

/** Does one turn of a run: what was said goes into the flow, what the flow says is settled in one transaction. */
@Controller()
export class TurnsConsumer {
  constructor(
    private readonly runsService: RunsService,
    private readonly runs: RunsRepository,
    private readonly answers: AnswersService,
    private readonly writer: TurnWriter,
    private readonly logger: Logger,
  ) {}

  @OnTask(TURN_QUEUE, { concurrency: 16, maxAttempts: 8 })
  async take(task: TurnTask, context: Context): Promise<void> {
    const { payload, spaceId } = task;
    const run = await this.runsService.load(spaceId, payload.conversationId, payload.responder);
    if (!run) {
      this.logger.warn(
        { spaceId, conversationId: payload.conversationId },
        'Nobody can answer: the agent or flow is gone or unpublished',
      );
      return;
    }
    if (payload.kind === 'note') return this.note(run, payload, context);
    if (payload.kind === 'start' && !run.isNew) return;
    const startedAt = new Date();
    const turn = await this.advance(run, task, context).catch((error: unknown) =>
      this.giveUp(run, { task, context, error }),
    );
    await context.settle((trx) =>
      this.writer.write(trx, run, { turn, payload, startedAt, attempt: task.attempt }),
    );
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
    const replyTo = payload.kind === 'message' ? payload.messageId : null;
    return {
      state: { ...run.state, status: 'failed' },
      effects: [{ kind: 'say', parts: textParts(APOLOGY), replyTo }],
      trace: [],
      question: null,
      failure: `Step "${run.state.stepId ?? ''}" failed ${attempt} times: ${reasonOf(error)}`,
    };
  }

  private async note(
    run: LoadedRun,
    payload: Extract<TurnPayload, { kind: 'note' }>,
    context: Context,
  ): Promise<void> {
    if (run.isNew) return;
    const history = remember(run.state.history, { role: payload.role, text: payload.text });
    await context.settle(async (trx) => {
      const row = await this.runs.find(trx, run.spaceId, run.id);
      if (row) await this.runs.appendHistory(trx, row, JSON.stringify(history));
    });
  }

  private async advance(run: LoadedRun, task: TurnTask, context: Context): Promise<Turn> {
    const { payload } = task;
    const messageId = payload.kind === 'message' ? payload.messageId : null;
    const first: StepInput[] = run.isNew
      ? [{ kind: 'enter', fresh: payload.kind === 'start', messageId }]
      : [];
    if (payload.kind === 'message')
      first.push({ kind: 'message', messageId: payload.messageId, text: payload.text });
    let turn: Turn | null = null;
    for (const input of first) {
      if (turn && turn.state.status !== 'waiting') break;
      turn = join(turn, reduce(run.graph, turn?.state ?? run.state, input));
    }
    if (!turn) throw new Error('A turn without input cannot be taken.');
    return payload.kind === 'message' ? this.answer(run, turn, { task, payload, context }) : turn;
  }

  private async answer(
    run: LoadedRun,
    turn: Turn,
    asked: { task: TurnTask; payload: MessagePayload; context: Context },
  ): Promise<Turn> {
    if (!turn.question) return turn;
    const { task, payload, context } = asked;
    const answer = await this.answers.answer({
      spaceId: run.spaceId,
      conversationId: run.conversationId,
      agentId: turn.question.agentId ?? run.responder.agentId,
      agent: run.agent,
      question: turn.question.text,
      history: turn.state.history,
      messageId: payload.replyId,
      attempt: task.attempt,
      signal: context.signal,
    });
    const input: StepInput = { kind: 'answer', messageId: payload.messageId, answer };
    return join(turn, reduce(run.graph, turn.state, input));
  }
}

/** One turn out of two that follow each other. */
function join(first: Turn | null, second: Turn): Turn {
  if (!first) return second;
  return {
    ...second,
    effects: [...first.effects, ...second.effects],
    trace: [...first.trace, ...second.trace],
  };
}
