import { APIConnectionError, APIStatusError } from '@livekit/agents';
import { truncate } from '@parley/text';
import { joinPcm, wavOf } from '../pcm.ts';
import type { Phrase, Recognition, Recognizer, Utterance } from '../port.ts';
import type { AudioApi, WatchedAnswer } from './audio-api.ts';
import { formOf } from './multipart.ts';
import type { AudioApiSettings } from './openai.provider.ts';
import { eventsOf } from './server-sent.ts';

const SAMPLE_RATE = 16_000;
/** Servers refuse shorter files, and nobody says anything in them. */
const MIN_SAMPLES = SAMPLE_RATE / 10;
const MAX_BYTES = 1_000_000;

type OnPartial = ((text: string) => void) | undefined;

/** Free speech through `POST /audio/transcriptions`, with partial results where the server streams them. */
export class OpenAiRecognizer implements Recognizer {
  readonly label = 'openai-compatible';
  readonly sampleRate = SAMPLE_RATE;
  readonly closedList = false;
  #streams = true;
  #hints = '';

  constructor(
    private readonly settings: AudioApiSettings,
    private readonly api: AudioApi,
  ) {}

  /** Tells the model which words to expect. */
  async setPhrases(phrases: readonly Phrase[]): Promise<void> {
    const texts = phrases.filter(({ kind }) => kind !== 'command').map(({ text }) => text);
    this.#hints = truncate(texts.join(' '), 800, '');
  }

  begin(onPartial?: (text: string) => void): Utterance {
    const pieces: Int16Array[] = [];
    return {
      push: (pcm) => {
        pieces.push(pcm);
      },
      finish: (signal) => this.#transcribe(joinPcm(pieces), onPartial, signal),
      cancel: () => {
        pieces.length = 0;
      },
    };
  }

  async close(): Promise<void> {}

  async #transcribe(pcm: Int16Array, onPartial: OnPartial, signal: AbortSignal): Promise<Recognition> {
    if (pcm.length < MIN_SAMPLES) return this.#recognition('');
    const body = wavOf(pcm, SAMPLE_RATE);
    const answer = await this.#send(body, signal);
    const text = answer.contentType.startsWith('text/event-stream')
      ? await streamed(answer, onPartial)
      : await whole(answer);
    return this.#recognition(text.trim());
  }

  #recognition(text: string): Recognition {
    return { text, confidence: null, rejected: false, language: this.settings.language };
  }

  async #send(wav: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<WatchedAnswer> {
    const post = (): Promise<WatchedAnswer> =>
      this.api.post('/audio/transcriptions', formOf(this.#fields(), wav), signal);
    try {
      return await post();
    } catch (error) {
      // Some servers refuse a request that asks them to stream.
      const refused = error instanceof APIStatusError && [400, 415, 422].includes(error.statusCode);
      if (!this.#streams || !refused) throw error;
      this.#streams = false;
      return post();
    }
  }

  #fields(): Record<string, string> {
    return {
      model: this.settings.sttModel,
      language: this.settings.language.split('-', 1)[0] ?? 'en',
      ...(this.#hints === '' ? {} : { prompt: this.#hints }),
      ...(this.#streams ? { stream: 'true' } : { response_format: 'json' }),
    };
  }
}

async function whole(answer: WatchedAnswer): Promise<string> {
  const bytes: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.chunks()) {
    size += chunk.length;
    if (size > MAX_BYTES) throw unreadable();
    bytes.push(chunk);
  }
  const text = (parse(Buffer.concat(bytes).toString('utf8')) as { text?: unknown } | null)?.text;
  if (typeof text !== 'string') throw unreadable();
  return text;
}

async function streamed(answer: WatchedAnswer, onPartial: OnPartial): Promise<string> {
  let text = '';
  for await (const data of eventsOf(answer.chunks(), MAX_BYTES)) {
    if (data === '[DONE]') return text;
    const event = parse(data) as { type?: unknown; delta?: unknown; text?: unknown } | null;
    if (event === null || event.type === 'error') throw unreadable();
    if (event.type === 'transcript.text.done' && typeof event.text === 'string') return event.text;
    if (typeof event.delta !== 'string') continue;
    text += event.delta;
    onPartial?.(text.trim());
  }
  // The server left before it said what the whole is: half a sentence may mean its opposite.
  throw new APIConnectionError({
    message: 'The speech server closed the connection before the transcript was complete',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable();
  }
}

function unreadable(): APIConnectionError {
  return new APIConnectionError({ message: 'The speech server returned an invalid transcript' });
}
