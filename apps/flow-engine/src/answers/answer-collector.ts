import { type FinishReason, InvalidResponseDataError } from 'ai';
import type { DeltaStream } from './delta-stream.ts';
import { type Filtered, ReasoningFilter } from './reasoning/reasoning-filter.ts';

/** What is read of a part of a model's stream. */
export interface StreamPart {
  type: string;
  text?: string;
  error?: unknown;
  finishReason?: FinishReason;
}

/** Makes one answer of the parts of a model's stream. Reasoning is left out; what breaks the stream is thrown. */
export class AnswerCollector {
  private readonly deltas: DeltaStream;
  private readonly filter = new ReasoningFilter();
  private readonly isDone: () => boolean;
  private finish: FinishReason | null = null;
  private hasText = false;
  private isVoided = false;

  /**
   * @param isDone whether the endpoint has said that its answer is whole
   */
  constructor(deltas: DeltaStream, isDone: () => boolean) {
    this.deltas = deltas;
    this.isDone = isDone;
  }

  /** Whether the answer began within reasoning whose opening mark was missing. */
  get hasBegunInReasoning(): boolean {
    return this.isVoided;
  }

  /** @throws what the stream reports, or an error of its own where it was aborted */
  take({ type, text = '', error, finishReason }: StreamPart): void {
    if (type === 'abort') throw new Error('The model timed out.');
    if (type === 'text-delta') this.addText(text);
    // The endpoint gives reasoning in a field of its own: none is left in the text.
    else if (type === 'reasoning-delta') this.deltas.release();
    else if (type === 'finish') this.finish ??= finishReason ?? null;
    else if (type === 'error') this.failed(error);
  }

  /** The whole answer, once nothing follows. */
  end(): { text: string; finish: FinishReason } {
    this.add(this.filter.end());
    this.deltas.release();
    if (this.finish === null) throw new Error('The stream of the model ended without a finish reason.');
    return { text: this.deltas.whole, finish: this.finish };
  }

  private addText(text: string): void {
    this.hasText ||= text.trim() !== '';
    this.add(this.filter.push(text));
    if (this.filter.hasEnded) this.deltas.release();
  }

  private add(filtered: Filtered): void {
    this.isVoided ||= filtered.voids;
    this.deltas.add(filtered);
  }

  /** An endpoint may end a whole answer without a finish reason. */
  private failed(error: unknown): void {
    const isUnfinished =
      InvalidResponseDataError.isInstance(error) && /without a finish reason/.test(error.message);
    if (!isUnfinished || !this.hasText || !this.isDone()) throw error;
    this.finish = 'stop';
  }
}
