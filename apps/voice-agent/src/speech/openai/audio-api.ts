import { APIConnectionError, APIError, APIStatusError, APITimeoutError } from '@livekit/agents';

export interface AudioApiOptions {
  readonly baseUrl: string;
  readonly key?: string | undefined;
  readonly timeoutMs: number;
}

/** An answer whose body is read under the same watch: it ends when the server falls silent. */
export interface WatchedAnswer {
  readonly contentType: string;
  readonly status: number;
  chunks(): AsyncGenerator<Uint8Array, void>;
  /** For an answer that is not read. */
  cancel(): Promise<void>;
}

/** Requests to an OpenAI-compatible audio API. Its errors name the status and the mend, never the key or what was sent. */
export class AudioApi {
  readonly #options: AudioApiOptions;

  constructor(
    options: AudioApiOptions,
    private readonly fetch: typeof globalThis.fetch,
  ) {
    this.#options = options;
  }

  /**
   * @throws {APIStatusError} for a refusal; only 408, 429 and 5xx are worth another try
   * @throws {APITimeoutError} when nothing came for `timeoutMs`; {APIConnectionError} when the connection broke
   */
  async post(
    path: string,
    { body, headers }: { body: Uint8Array<ArrayBuffer> | string; headers?: Record<string, string> },
    signal: AbortSignal,
  ): Promise<WatchedAnswer> {
    const watch = new Watch(this.#options.timeoutMs, signal);
    try {
      const answer = await this.fetch(`${this.#options.baseUrl.replace(/\/$/, '')}${path}`, {
        method: 'POST',
        body,
        headers: { ...headers, ...this.#authorization() },
        signal: watch.signal,
      });
      if (!answer.ok) {
        await answer.body?.cancel();
        throw refusal(answer, path);
      }
      return {
        contentType: answer.headers.get('content-type') ?? '',
        status: answer.status,
        chunks: () => read(answer, watch),
        cancel: async () => {
          watch.end();
          await answer.body?.cancel().catch(() => undefined);
        },
      };
    } catch (error) {
      watch.end();
      throw watch.errorOf(error);
    }
  }

  #authorization(): Record<string, string> {
    const { key } = this.#options;
    return key === undefined ? {} : { authorization: `Bearer ${key}` };
  }
}

async function* read(answer: Response, watch: Watch): AsyncGenerator<Uint8Array, void> {
  const reader = answer.body?.getReader();
  try {
    for (;;) {
      const taken = await reader?.read();
      if (!taken || taken.done) return;
      watch.touch();
      yield taken.value as Uint8Array;
    }
  } catch (error) {
    throw watch.errorOf(error);
  } finally {
    watch.end();
    await reader?.cancel().catch(() => undefined);
  }
}

/** Aborts what it watches when nothing happened for a while, and knows afterwards who aborted. */
class Watch {
  readonly #silence = new AbortController();
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout;

  constructor(
    private readonly timeoutMs: number,
    private readonly outer: AbortSignal,
  ) {
    this.signal = AbortSignal.any([outer, this.#silence.signal]);
    this.#timer = this.#start();
  }

  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  errorOf(error: unknown): unknown {
    if (this.outer.aborted) return this.outer.reason;
    if (error instanceof APIError) return error;
    if (this.#silence.signal.aborted) {
      return new APITimeoutError({ message: `The speech server timed out after ${this.timeoutMs} ms` });
    }
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'egress_refused') {
      const message =
        'The speech server is not at a public address. An operator can list it in EGRESS_ALLOW.';
      return new APIConnectionError({ message, options: { retryable: false } });
    }
    return new APIConnectionError({ message: 'The connection to the speech server was lost' });
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#silence.abort(), this.timeoutMs);
  }
}

function refusal({ status, headers }: Response, path: string): APIStatusError {
  const mends: Record<number, string> = {
    401: 'refused the key; see VOICE_OPENAI_API_KEY',
    403: 'refused the key; see VOICE_OPENAI_API_KEY',
    404: `has no ${path}, or no such model; see VOICE_OPENAI_BASE_URL and the model's name`,
    429: 'has too much to do, or its quota is used up',
  };
  const what = mends[status] ?? `answered with status ${status}`;
  const requestId = headers.get('x-request-id');
  return new APIStatusError({
    message: `The speech server ${what}`,
    options: { statusCode: status, requestId },
  });
}
