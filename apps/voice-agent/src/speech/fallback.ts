import { setTimeout as sleep } from 'node:timers/promises';
import { APIConnectionError, type APIConnectOptions, APIError, APITimeoutError } from '@livekit/agents';

/** Told when a provider failed and the next one goes on. */
export interface SpeechWarning {
  readonly half: 'stt' | 'tts';
  readonly failed: string;
  /** Null when none is left: this utterance or clause is lost. */
  readonly next: string | null;
  readonly error: Error;
}

export type OnSpeechWarning = (warning: SpeechWarning) => void;

/** How long a caller waits for a sign of a provider while another one stands by. */
const PATIENCE_MS = { stt: 8000, tts: 5000 } as const;

/** One try of a provider: it ends with the signal, and is given up when nothing is seen of it for long. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** There was a sign of it. */
  readonly alive: () => void;
}

/** The providers of one call in their order. The one that failed for good stays behind for the rest of the call. */
export class Fallback<Provider extends { readonly label: string }> {
  #current = 0;

  constructor(
    private readonly half: 'stt' | 'tts',
    private readonly providers: readonly [Provider, ...Provider[]],
    private readonly onWarning: OnSpeechWarning,
    private readonly patienceMs: number = PATIENCE_MS[half],
  ) {}

  get current(): Provider {
    return this.providers[this.#current] ?? this.providers[0];
  }

  /**
   * Does the work with the provider at hand, again while its errors are worth it, then with the next one. One that hangs
   * is left as one that fails.
   * @param work throws to give up; may be called several times
   * @param options at most one repeat where another provider waits, since a caller hears each second of it
   * @throws {APIConnectionError} when no provider can do it; the signal's reason when aborted
   */
  async run<Result>(
    work: (provider: Provider, attempt: Attempt) => Promise<Result>,
    signal: AbortSignal,
    options: APIConnectOptions,
  ): Promise<Result> {
    for (;;) {
      const provider = this.current;
      try {
        return await this.#repeat((attempt) => work(provider, attempt), signal, options);
      } catch (error) {
        signal.throwIfAborted();
        this.#leave(provider, toError(error));
      }
    }
  }

  async #repeat<Result>(
    work: (attempt: Attempt) => Promise<Result>,
    signal: AbortSignal,
    options: APIConnectOptions,
  ): Promise<Result> {
    const isLast = this.#current === this.providers.length - 1;
    const repeats = isLast ? options.maxRetry : Math.min(1, options.maxRetry);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await (isLast ? work({ signal, alive: () => undefined }) : this.#watched(work, signal));
      } catch (error) {
        const again = error instanceof APIError && error.retryable && attempt < repeats;
        if (!again || signal.aborted) throw error;
        await sleep(isLast ? options.retryIntervalMs : Math.min(100, options.retryIntervalMs), undefined, {
          signal,
        });
      }
    }
  }

  async #watched<Result>(work: (attempt: Attempt) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const silence = new AbortController();
    const message = `${this.current.label} gave no sign for ${this.patienceMs} ms`;
    const error = new APITimeoutError({ message, options: { retryable: false } });
    const timer = setTimeout(() => silence.abort(error), this.patienceMs);
    const late = new Promise<never>((_resolve, reject) => {
      silence.signal.addEventListener('abort', () => reject(error), { once: true });
    });
    const attempt = { signal: AbortSignal.any([signal, silence.signal]), alive: () => void timer.refresh() };
    try {
      return await Promise.race([work(attempt), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #leave(provider: Provider, error: Error): void {
    // Several utterances may fail at once; only the first of them moves on.
    const isCurrent = provider === this.current;
    const next = this.providers[this.#current + 1];
    if (!isCurrent) return;
    this.onWarning({ half: this.half, failed: provider.label, next: next?.label ?? null, error });
    if (next) this.#current += 1;
    else throw lost(error);
  }
}

/** What the framework must not try again by itself: all that could be tried has been. */
function lost(error: Error): APIError {
  return new APIConnectionError({ message: error.message, options: { retryable: false } });
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
