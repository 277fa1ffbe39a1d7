import { setTimeout as sleep } from 'node:timers/promises';
import { APIConnectionError, APIError, type APIConnectOptions } from '@livekit/agents';

/** Told when a provider failed and the next one goes on. */
export interface SpeechWarning {
  readonly half: 'stt' | 'tts';
  readonly failed: string;
  /** Null when none is left: this utterance or clause is lost. */
  readonly next: string | null;
  readonly error: Error;
}

export type OnSpeechWarning = (warning: SpeechWarning) => void;

/** The providers of one call in their order. The one that failed for good stays behind for the rest of the call. */
export class Fallback<Provider extends { readonly label: string }> {
  #current = 0;

  constructor(
    private readonly half: 'stt' | 'tts',
    private readonly providers: readonly [Provider, ...Provider[]],
    private readonly onWarning: OnSpeechWarning,
  ) {}

  get current(): Provider {
    return this.providers[this.#current] ?? this.providers[0];
  }

  /**
   * Does the work with the provider at hand, again while its errors are worth it, then with the next one.
   * @param work throws to give up; may be called several times
   * @param options at most one repeat where another provider waits, since a caller hears each second of it
   * @throws {APIConnectionError} when no provider can do it; the signal's reason when aborted
   */
  async run<Result>(
    work: (provider: Provider) => Promise<Result>,
    signal: AbortSignal,
    options: APIConnectOptions,
  ): Promise<Result> {
    for (;;) {
      const provider = this.current;
      try {
        return await this.#repeat(() => work(provider), signal, options);
      } catch (error) {
        signal.throwIfAborted();
        this.#leave(provider, toError(error));
      }
    }
  }

  async #repeat<Result>(
    work: () => Promise<Result>,
    signal: AbortSignal,
    options: APIConnectOptions,
  ): Promise<Result> {
    const isLast = this.#current === this.providers.length - 1;
    const repeats = isLast ? options.maxRetry : Math.min(1, options.maxRetry);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const again = error instanceof APIError && error.retryable && attempt < repeats;
        if (!again || signal.aborted) throw error;
        await sleep(isLast ? options.retryIntervalMs : Math.min(100, options.retryIntervalMs), undefined, {
          signal,
        });
      }
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
