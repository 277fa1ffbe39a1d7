import { APIConnectionError } from '@livekit/agents';
import type { EngineCalls, Recognizer, Utterance } from '../port.ts';
import { findModel, type TransducerFiles } from './model-files.ts';
import type { SherpaRequest } from './requests.ts';
import type { SherpaSettings } from './sherpa.provider.ts';

const SAMPLE_RATE = 16_000;
/** Audio is handed to the model in pieces of 100 ms. */
const PIECE = SAMPLE_RATE / 10;

/** Streams speech through a transducer in a worker thread: the text is nearly ready when the speaker stops. */
export class SherpaRecognizer implements Recognizer {
  readonly label = 'sherpa';
  readonly sampleRate = SAMPLE_RATE;
  readonly closedList = false;
  #files: Promise<TransducerFiles> | undefined;

  constructor(
    private readonly settings: SherpaSettings,
    private readonly engine: EngineCalls,
  ) {}

  begin(onPartial?: (text: string) => void): Utterance {
    // Several recognisers share the worker, so a number must be unlike those of all others.
    const utterance = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    let held: number[] = [];
    let failure: unknown;
    let sent: Promise<void> = Promise.resolve();
    const send = (pcm: Int16Array<ArrayBuffer>): void => {
      sent = sent
        .then(async () => {
          const files = await this.#model();
          const text = await this.#ask<string>({ kind: 'push', files, utterance, pcm });
          if (text !== '') onPartial?.(text);
        })
        .catch((error: unknown) => {
          failure ??= error;
        });
    };
    return {
      push: (pcm) => {
        for (const sample of pcm) held.push(sample);
        if (held.length < PIECE) return;
        send(Int16Array.from(held));
        held = [];
      },
      finish: async (signal) => {
        if (held.length > 0) send(Int16Array.from(held));
        held = [];
        await sent;
        if (failure !== undefined) throw failure;
        const text = await this.#ask<string>({ kind: 'finish', utterance }, signal);
        return { text: sentence(text), confidence: null, rejected: false, language: this.settings.language };
      },
      cancel: () => {
        held = [];
        void sent.then(() => this.#ask({ kind: 'cancel', utterance })).catch(() => undefined);
      },
    };
  }

  async warm(): Promise<void> {
    await this.#ask({ kind: 'load-stt', files: await this.#model() });
  }

  async close(): Promise<void> {}

  #ask<Answer>(request: SherpaRequest, signal?: AbortSignal): Promise<Answer> {
    return this.engine.call<Answer>(request, signal ? { signal } : {});
  }

  #model(): Promise<TransducerFiles> {
    this.#files ??= findModel(this.settings.folder, this.settings.sttModel, 'stt').then((files) => {
      if (files) return files;
      const message = `The model ${this.settings.sttModel} is gone from ${this.settings.folder}`;
      throw new APIConnectionError({ message, options: { retryable: false } });
    });
    return this.#files;
  }
}

/** Transducers write capitals alone. */
function sentence(text: string): string {
  const lower = text === text.toUpperCase() ? text.toLowerCase() : text;
  return lower.replace(/\bi\b/g, 'I').replace(/^\p{Ll}/u, (first) => first.toUpperCase());
}
