import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Injectable } from '@nestjs/common';
import { LiveBus, RetryableError } from '@parley/messaging';
import { EgressError, GuardedFetch, InjectConfig } from '@parley/service';
import { APICallError, type FinishReason, streamText } from 'ai';
import type { StoredModel } from '../agents/agent.table.ts';
import type { FlowEngineConfig } from '../config.ts';
import type { Answer } from '../steps/step.ts';
import { AnswerCollector } from './answer-collector.ts';
import type { Question } from './answers.service.ts';
import { saysItDoesNotKnow } from './declined.ts';
import { DeltaStream, type Hold } from './delta-stream.ts';
import { DoneWatch } from './done-watch.ts';
import { citationsOf, instructionsFor, messagesFor, type Passage } from './prompt.ts';
import { isPlainlyText, type ReasoningHabit, ReasoningHabits } from './reasoning/reasoning-habits.ts';
import { truncationMark } from './truncated.ts';

interface ModelQuestion {
  model: StoredModel;
  apiKey: string | null;
  agent: { name: string; instructions: string };
  question: Question;
  passages: Passage[];
}

/** Attempts at a model that is down before the visitor is told so. */
const ATTEMPTS = 3;
/** Pause before the next attempt, times the attempt; what a model asks for is kept to up to the longest. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Tokens of an answer where the agent sets no limit: twice as many with each attempt, for an answer that was cut. */
const OUTPUT_TOKENS = 1024;
/** How long the first tokens of an answer wait, by what is known of its model: reasoning must not be taken for the answer. */
const holds: Readonly<Record<ReasoningHabit, Hold>> = {
  unknown: { ms: 300 },
  text: { ms: 300, until: isPlainlyText },
  reasoning: { ms: null },
};

/** An answer as a model ended it. */
interface Generated {
  text: string;
  finish: FinishReason;
}

/** Asks a language model behind an OpenAI-compatible endpoint, and lets its tokens be seen while they come. */
@Injectable()
export class ModelService {
  private readonly habits = new ReasoningHabits();

  constructor(
    private readonly live: LiveBus,
    private readonly http: GuardedFetch,
    @InjectConfig() private readonly config: FlowEngineConfig,
  ) {}

  async answer(asked: ModelQuestion): Promise<Answer> {
    const { attempt, signal } = asked.question;
    try {
      return await this.answerOnce(asked);
    } catch (error) {
      if (error instanceof RetryableError) throw error;
      if (isPassing(error) && attempt < ATTEMPTS && !signal.aborted) {
        const afterMs = retryAfterOf(error) ?? PAUSE_MS * attempt;
        throw new RetryableError('The model returned an incomplete answer.', { cause: error, afterMs });
      }
      throw error;
    }
  }

  private async answerOnce(asked: ModelQuestion): Promise<Answer> {
    const deltas = this.deltasOf(asked);
    try {
      const { text, finish } = await this.stream(asked, deltas);
      if (finish === 'content-filter') throw new Error('The content filter of the model stopped the answer.');
      if (finish === 'tool-calls') throw new Error('The model called an unknown tool.');
      if (text.trim() === '') throw new Error('The model returned an empty answer.');
      if (finish === 'length') this.mark(asked, deltas);
      deltas.end();
      return {
        text: deltas.whole,
        format: 'markdown',
        citations: citationsOf(text, asked.passages),
        declined: saysItDoesNotKnow(text),
        failure: null,
      };
    } finally {
      deltas.drop();
    }
  }

  /** Asks again for an answer that was cut where a higher limit may help, else says that its end is missing. */
  private mark({ model, question }: ModelQuestion, deltas: DeltaStream): void {
    if (model.options.maxOutputTokens === undefined && question.attempt < ATTEMPTS)
      throw new RetryableError('The answer of the model was cut off.', { afterMs: 0 });
    deltas.add({ text: truncationMark(deltas.whole, question.language), voids: false });
  }

  private deltasOf({ model, question }: ModelQuestion): DeltaStream {
    const { spaceId, conversationId, messageId, attempt, replyTo } = question;
    const publish = (offset: number, text: string): void =>
      this.live.publish(spaceId, conversationId, {
        type: 'delta',
        messageId,
        attempt,
        offset,
        text,
        replyTo,
      });
    return new DeltaStream(publish, holds[this.habits.of(model.baseUrl, model.model)]);
  }

  private async stream(asked: ModelQuestion, deltas: DeltaStream): Promise<Generated> {
    const { model, apiKey, agent, question, passages } = asked;
    const done = new DoneWatch();
    const provider = createOpenAICompatible({
      name: model.provider,
      baseURL: model.baseUrl,
      ...(apiKey ? { apiKey } : {}),
      fetch: done.wrap(this.http.fetch),
    });
    const watch = new StallWatch(model.options.timeoutMs ?? this.config.MODEL_TIMEOUT_MS, question.signal);
    try {
      const result = streamText({
        model: provider(model.model),
        instructions: instructionsFor({ ...agent, spoken: question.spoken }, passages),
        messages: messagesFor(question.history, question.question),
        temperature: model.options.temperature,
        maxOutputTokens: model.options.maxOutputTokens ?? OUTPUT_TOKENS * 2 ** (question.attempt - 1),
        maxRetries: 0,
        abortSignal: watch.signal,
        onError: () => undefined,
      });
      const collector = new AnswerCollector(deltas, () => done.isDone);
      for await (const part of result.fullStream) {
        watch.alive();
        collector.take(part);
      }
      const generated = collector.end();
      this.habits.learn(model.baseUrl, model.model, collector.hasBegunInReasoning);
      return generated;
    } finally {
      watch.stop();
    }
  }
}

/** Aborts a call whose next token does not come in time. */
class StallWatch {
  private readonly controller = new AbortController();
  private timer: NodeJS.Timeout;
  private readonly timeoutMs: number;
  readonly signal: AbortSignal;

  constructor(timeoutMs: number, outer: AbortSignal) {
    this.timeoutMs = timeoutMs;
    this.signal = AbortSignal.any([this.controller.signal, outer]);
    this.timer = this.start();
  }

  alive(): void {
    this.stop();
    this.timer = this.start();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private start(): NodeJS.Timeout {
    return setTimeout(() => this.controller.abort(new Error('The model timed out.')), this.timeoutMs);
  }
}

function isPassing(error: unknown): boolean {
  if (refusalIn(error)) return false;
  return APICallError.isInstance(error) ? error.isRetryable : true;
}

/** Whether the address itself may not be called: trying again changes nothing. */
function refusalIn(error: unknown): boolean {
  if (error instanceof EgressError) return error.code === 'egress_refused';
  return error instanceof Error && error.cause !== undefined && refusalIn(error.cause);
}

function retryAfterOf(error: unknown): number | undefined {
  if (!APICallError.isInstance(error)) return undefined;
  const given = error.responseHeaders?.['retry-after'];
  if (given === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(given) ? Number(given) : (Date.parse(given) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(LONGEST_PAUSE_MS, Math.max(0, seconds * 1000)) : undefined;
}
