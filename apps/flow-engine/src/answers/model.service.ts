import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { Injectable } from '@nestjs/common';
import { LiveBus, RetryableError } from '@parley/messaging';
import { EgressError, GuardedFetch, InjectConfig } from '@parley/service';
import { APICallError, streamText } from 'ai';
import type { StoredModel } from '../agents/agent.table.ts';
import type { FlowEngineConfig } from '../config.ts';
import type { Answer } from '../steps/step.ts';
import type { Question } from './answers.service.ts';
import { citationsOf, instructionsFor, messagesFor, type Passage } from './prompt.ts';

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
const DECLINED = /\b(?:I do not|I don't|I cannot|I can't) (?:know|find|answer)\b/i;

/** Asks a language model behind an OpenAI-compatible endpoint, and lets its tokens be seen while they come. */
@Injectable()
export class ModelService {
  constructor(
    private readonly live: LiveBus,
    private readonly http: GuardedFetch,
    @InjectConfig() private readonly config: FlowEngineConfig,
  ) {}

  async answer(asked: ModelQuestion): Promise<Answer> {
    try {
      const text = await this.stream(asked);
      if (text.trim() === '') throw new Error('The model returned an empty answer.');
      return {
        text,
        format: 'markdown',
        citations: citationsOf(text, asked.passages),
        declined: DECLINED.test(text),
        failure: null,
      };
    } catch (error) {
      const { attempt, signal } = asked.question;
      if (isPassing(error) && attempt < ATTEMPTS && !signal.aborted) {
        const afterMs = retryAfterOf(error) ?? PAUSE_MS * attempt;
        throw new RetryableError('The model returned an incomplete answer.', { cause: error, afterMs });
      }
      throw error;
    }
  }

  private async stream(asked: ModelQuestion): Promise<string> {
    const { model, apiKey, agent, question, passages } = asked;
    const provider = createOpenAICompatible({
      name: model.provider,
      baseURL: model.baseUrl,
      ...(apiKey ? { apiKey } : {}),
      fetch: this.http.fetch,
    });
    const watch = new StallWatch(model.options.timeoutMs ?? this.config.MODEL_TIMEOUT_MS, question.signal);
    try {
      const result = streamText({
        model: provider(model.model),
        instructions: instructionsFor({ ...agent, spoken: question.spoken }, passages),
        messages: messagesFor(question.history, question.question),
        temperature: model.options.temperature,
        maxOutputTokens: model.options.maxOutputTokens ?? 1024,
        maxRetries: 0,
        abortSignal: watch.signal,
        onError: () => undefined,
      });
      return await this.collect(result.fullStream, question, watch);
    } finally {
      watch.stop();
    }
  }

  private async collect(
    parts: AsyncIterable<{ type: string }>,
    question: Question,
    watch: StallWatch,
  ): Promise<string> {
    const { spaceId, conversationId, messageId, attempt, replyTo } = question;
    let text = '';
    for await (const part of parts) {
      watch.alive();
      if (part.type === 'error') throw (part as { type: 'error'; error?: unknown }).error;
      if (part.type === 'abort') throw new Error('The model timed out.');
      if (part.type !== 'text-delta') continue;
      const delta = (part as { type: 'text-delta'; text?: string }).text ?? '';
      if (delta === '') continue;
      this.live.publish(spaceId, conversationId, {
        type: 'delta',
        messageId,
        attempt,
        offset: text.length,
        text: delta,
        replyTo,
      });
      text += delta;
    }
    return text;
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
