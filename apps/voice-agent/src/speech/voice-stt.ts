import {
  type APIConnectOptions,
  type AudioBuffer,
  DEFAULT_API_CONNECT_OPTIONS,
  normalizeLanguage,
  stt,
  VADEventType,
  type VAD,
  type VADStream,
} from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { Fallback, type OnSpeechWarning } from './fallback.ts';
import { Resampler } from './pcm.ts';
import type { Phrase, Recognition, Recognizer, Utterance } from './port.ts';

export interface VoiceSttOptions {
  /** In the order in which they are tried. */
  readonly recognizers: readonly [Recognizer, ...Recognizer[]];
  /** Finds where speech begins and ends. Without it only whole utterances can be recognised. */
  readonly vad?: VAD;
  /** What was heard, understood or not; the transcript alone does not tell of what was rejected. */
  readonly onRecognition?: (recognition: Recognition) => void;
  readonly onWarning?: OnSpeechWarning;
  readonly connection?: APIConnectOptions;
}

/** What AgentSession hears with: the recognisers of the call behind LiveKit's interface. */
export class VoiceStt extends stt.STT {
  override readonly label = 'parley.VoiceStt';
  readonly #fallback: Fallback<Recognizer>;
  readonly #connection: APIConnectOptions;

  constructor(readonly options: VoiceSttOptions) {
    super({ streaming: options.vad !== undefined, interimResults: true });
    this.#fallback = new Fallback('stt', options.recognizers, options.onWarning ?? (() => undefined));
    this.#connection = options.connection ?? DEFAULT_API_CONNECT_OPTIONS;
  }

  /** The recogniser at work. */
  get recognizer(): Recognizer {
    return this.#fallback.current;
  }

  override get provider(): string {
    return this.recognizer.label;
  }

  /** Listens for other phrases from the next utterance on; recognisers that a call may fall back to learn them, too. */
  async setPhrases(phrases: readonly Phrase[]): Promise<void> {
    await Promise.all(this.options.recognizers.map(async (recognizer) => recognizer.setPhrases?.(phrases)));
  }

  /** An utterance begun now; when its recogniser fails, the next one hears it from the start. */
  begin(onPartial?: (text: string) => void): HeardUtterance {
    return new HeardUtterance(this.#fallback, this.#connection, onPartial);
  }

  override async close(): Promise<void> {
    await Promise.all(this.options.recognizers.map((recognizer) => recognizer.close()));
  }

  override stream(options?: { connOptions?: APIConnectOptions }): stt.SpeechStream {
    if (!this.options.vad) throw new Error('Recognising a stream needs a VAD');
    return new VoiceSttStream(this, this.options.vad.stream(), options?.connOptions);
  }

  protected override async _recognize(
    buffer: AudioBuffer,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<stt.SpeechEvent> {
    const utterance = this.begin();
    for (const frame of Array.isArray(buffer) ? buffer : [buffer]) utterance.push(frame);
    return this.finish(utterance, signal);
  }

  /** @throws {APIError} when no recogniser can hear it */
  async finish(utterance: HeardUtterance, signal: AbortSignal): Promise<stt.SpeechEvent> {
    const recognition = await utterance.finish(signal);
    this.options.onRecognition?.(recognition);
    return eventOf(recognition, stt.SpeechEventType.FINAL_TRANSCRIPT);
  }
}

/** Longer than anybody speaks without a pause; noise that never ends is not kept. */
const MAX_UTTERANCE_SECONDS = 60;

interface Piece {
  readonly pcm: Int16Array;
  readonly sampleRate: number;
}

/** Keeps an utterance's audio until it is understood. */
export class HeardUtterance {
  readonly #pieces: Piece[] = [];
  #live: { readonly recognizer: Recognizer; readonly feed: Feed } | undefined;
  #seconds = 0;

  constructor(
    private readonly fallback: Fallback<Recognizer>,
    private readonly connection: APIConnectOptions,
    private readonly onPartial: ((text: string) => void) | undefined,
  ) {
    this.#live = { recognizer: fallback.current, feed: new Feed(fallback.current, onPartial) };
  }

  push({ data, sampleRate }: AudioFrame): void {
    if (this.#seconds > MAX_UTTERANCE_SECONDS) return;
    this.#seconds += data.length / sampleRate;
    // The frame's memory is used again by whoever made it.
    const piece = { pcm: data.slice(), sampleRate };
    this.#pieces.push(piece);
    this.#live?.feed.push(piece);
  }

  finish(signal: AbortSignal): Promise<Recognition> {
    return this.fallback.run(
      (recognizer, attempt) => this.#feedOf(recognizer).finish(attempt.signal),
      signal,
      this.connection,
    );
  }

  cancel(): void {
    this.#live?.feed.cancel();
    this.#live = undefined;
  }

  #feedOf(recognizer: Recognizer): Feed {
    const live = this.#live;
    this.#live = undefined;
    if (live?.recognizer === recognizer) return live.feed;
    live?.feed.cancel();
    const feed = new Feed(recognizer, this.onPartial);
    for (const piece of this.#pieces) feed.push(piece);
    return feed;
  }
}

/** An utterance at the rate that its recogniser takes. */
class Feed {
  readonly #utterance: Utterance;
  #resampler: Resampler | undefined;

  constructor(
    private readonly recognizer: Recognizer,
    onPartial: ((text: string) => void) | undefined,
  ) {
    this.#utterance = recognizer.begin(onPartial);
  }

  push({ pcm, sampleRate }: Piece): void {
    this.#resampler ??= new Resampler(sampleRate, this.recognizer.sampleRate);
    this.#utterance.push(this.#resampler.push(pcm));
  }

  finish(signal: AbortSignal): Promise<Recognition> {
    if (this.#resampler) this.#utterance.push(this.#resampler.flush());
    return this.#utterance.finish(signal);
  }

  cancel(): void {
    this.#utterance.cancel();
  }
}

class VoiceSttStream extends stt.SpeechStream {
  override readonly label = 'parley.VoiceSttStream';
  #utterance: HeardUtterance | undefined;

  constructor(
    private readonly voice: VoiceStt,
    private readonly vadStream: VADStream,
    connection?: APIConnectOptions,
  ) {
    super(voice, undefined, connection);
  }

  override close(): void {
    super.close();
    this.#utterance?.cancel();
    this.vadStream.close();
  }

  protected override async run(): Promise<void> {
    await Promise.all([this.forward(), this.hear()]);
  }

  private async forward(): Promise<void> {
    for await (const input of this.input) {
      if (input === stt.SpeechStream.FLUSH_SENTINEL) this.vadStream.flush();
      else this.vadStream.pushFrame(input);
    }
    // The VAD's own input is left open: it cannot end while it is read, and closes with this stream.
  }

  private async hear(): Promise<void> {
    for await (const event of this.vadStream) {
      if (event.type === VADEventType.START_OF_SPEECH) {
        this.queue.put({ type: stt.SpeechEventType.START_OF_SPEECH });
        this.#utterance = this.voice.begin((text) => this.putPartial(text));
        this.feed(event.frames);
      } else if (event.type === VADEventType.INFERENCE_DONE) {
        this.feed(event.frames);
      } else if (event.type === VADEventType.END_OF_SPEECH) {
        const speechEndTime = Date.now() - event.silenceDuration - event.inferenceDuration;
        this.queue.put({ type: stt.SpeechEventType.END_OF_SPEECH, speechEndTime });
        await this.finish(speechEndTime);
      }
    }
  }

  private feed(frames: readonly AudioFrame[]): void {
    for (const frame of frames) this.#utterance?.push(frame);
  }

  private putPartial(text: string): void {
    if (this.closed || text === '') return;
    const recognition: Recognition = { text, confidence: null, rejected: false, language: 'en-US' };
    this.queue.put(eventOf(recognition, stt.SpeechEventType.INTERIM_TRANSCRIPT));
  }

  /** An utterance that nobody can hear is lost, the call is not: whoever listens to warnings asks to repeat it. */
  private async finish(speechEndTime: number): Promise<void> {
    const utterance = this.#utterance;
    this.#utterance = undefined;
    if (!utterance) return;
    const event = await this.voice.finish(utterance, this.abortSignal).catch(() => undefined);
    if (event?.alternatives?.[0].text && !this.closed) this.queue.put({ ...event, speechEndTime });
  }
}

function eventOf(recognition: Recognition, type: stt.SpeechEventType): stt.SpeechEvent {
  const { text, rejected, phrase } = recognition;
  const confidence = recognition.confidence ?? 0;
  const language = normalizeLanguage(recognition.language);
  const metadata = { rejected, phraseId: phrase?.id ?? null, phraseKind: phrase?.kind ?? null };
  return { type, alternatives: [{ language, text, startTime: 0, endTime: 0, confidence, metadata }] };
}
