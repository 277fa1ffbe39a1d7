import {
  type APIConnectOptions,
  createTimedString,
  DEFAULT_API_CONNECT_OPTIONS,
  shortuuid,
  type TimedString,
  tts,
} from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { SentenceStream } from '@parley/text';
import { Fallback, type OnSpeechWarning, toError } from './fallback.ts';
import { joinPcm } from './pcm.ts';
import { PieceQueue } from './piece-queue.ts';
import { SPEECH_RATE, type SpeechChunk, type Synthesizer } from './port.ts';

/** Speech begins with the first clause; longer pieces would be slow to begin and slow to give up. */
const CLAUSE_LENGTH = { firstClauseLength: 40, maxLength: 300 };

export interface VoiceTtsOptions {
  /** In the order in which they are tried. */
  readonly synthesizers: readonly [Synthesizer, ...Synthesizer[]];
  readonly onWarning?: OnSpeechWarning;
  readonly connection?: APIConnectOptions;
  /** Milliseconds without a sound after which the next voice goes on. */
  readonly patienceMs?: number;
}

/** What AgentSession speaks with: the voices of the call behind LiveKit's interface, 24 kHz, clause by clause. */
export class VoiceTts extends tts.TTS {
  override readonly label = 'parley.VoiceTts';
  readonly #fallback: Fallback<Synthesizer>;
  readonly #connection: APIConnectOptions;

  constructor(readonly options: VoiceTtsOptions) {
    super(SPEECH_RATE, 1, { streaming: true, alignedTranscript: true });
    const onWarning = options.onWarning ?? ((): void => undefined);
    this.#fallback = new Fallback('tts', options.synthesizers, onWarning, options.patienceMs);
    this.#connection = options.connection ?? DEFAULT_API_CONNECT_OPTIONS;
  }

  /** The voice at work. */
  get synthesizer(): Synthesizer {
    return this.#fallback.current;
  }

  override get provider(): string {
    return this.synthesizer.label;
  }

  override synthesize(text: string, connection?: APIConnectOptions, signal?: AbortSignal): tts.ChunkedStream {
    return new VoiceChunks(text, this, connection, signal);
  }

  override stream(options?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    return new VoiceTtsStream(this, options?.connOptions);
  }

  /** Tells the session that a text could not be spoken by any voice. */
  tellOf(error: Error): void {
    const { label } = this;
    this.emit('error', { type: 'tts_error', timestamp: Date.now(), label, error, recoverable: false });
  }

  override async close(): Promise<void> {
    await Promise.all(this.options.synthesizers.map((synthesizer) => synthesizer.close()));
  }

  /**
   * Starts speaking a clause at once. When a voice fails, the next one says the clause from its beginning; what has
   * been taken by then is heard twice, which is less bad than a gap.
   */
  speak(clause: string, signal: AbortSignal): AsyncGenerator<SpeechChunk, void> {
    return PieceQueue.of<SpeechChunk>(signal, (push, ended) =>
      this.#fallback.run(
        async (synthesizer, attempt) => {
          for await (const chunk of synthesizer.synthesize(clause, attempt.signal)) {
            if (attempt.signal.aborted) return;
            attempt.alive();
            push(chunk);
          }
        },
        ended,
        this.#connection,
      ),
    );
  }
}

/** Audio of one text as frames of 20 ms, its words timed from the start of all it has said. */
class Spoken {
  readonly #requestId = shortuuid('tts_');
  readonly #frames = new FrameCutter();
  readonly #words: TimedString[] = [];
  #clauseStart = 0;
  #samples = 0;

  constructor(private readonly segmentId: string) {}

  beginClause(): void {
    this.#clauseStart = this.#samples / SPEECH_RATE;
  }

  add(chunk: SpeechChunk): tts.SynthesizedAudio[] {
    this.#samples += chunk.pcm.length;
    const words = (chunk.words ?? []).map(({ text, startMs, endMs }) =>
      createTimedString({
        text,
        startTime: this.#clauseStart + startMs / 1000,
        endTime: this.#clauseStart + endMs / 1000,
      }),
    );
    this.#words.push(...words);
    return this.#audioOf(this.#frames.push(chunk.pcm), false);
  }

  end(): tts.SynthesizedAudio[] {
    return this.#audioOf(this.#frames.flush(), true);
  }

  /** Words wait for the next sound: a frame without samples is none. */
  #audioOf(frames: readonly AudioFrame[], final: boolean): tts.SynthesizedAudio[] {
    const words = frames.length > 0 ? this.#words.splice(0) : [];
    return frames.map((frame, index) => ({
      requestId: this.#requestId,
      segmentId: this.segmentId,
      frame,
      final: final && index === frames.length - 1,
      ...(index === 0 && words.length > 0 ? { timedTranscripts: words } : {}),
    }));
  }
}

class VoiceChunks extends tts.ChunkedStream {
  override readonly label = 'parley.VoiceChunks';

  constructor(
    text: string,
    private readonly voice: VoiceTts,
    connection?: APIConnectOptions,
    signal?: AbortSignal,
  ) {
    super(text, voice, connection, signal);
  }

  protected override async run(): Promise<void> {
    const splitter = new SentenceStream(CLAUSE_LENGTH);
    const spoken = new Spoken(shortuuid('segment_'));
    try {
      for (const clause of [...splitter.push(this.inputText), ...splitter.end()]) {
        spoken.beginClause();
        for await (const chunk of this.voice.speak(clause, this.abortSignal)) {
          for (const audio of spoken.add(chunk)) this.queue.put(audio);
        }
      }
      for (const audio of spoken.end()) this.queue.put(audio);
    } catch (error) {
      // The framework leaves what this method throws to nobody, which ends the process: whoever takes the audio sees
      // that there is none.
      if (!this.abortSignal.aborted) this.voice.tellOf(toError(error));
    }
  }
}

/** A clause being made while the one before is still being taken. */
interface Clause {
  readonly text: string;
  readonly chunks: AsyncGenerator<SpeechChunk, void>;
}

class VoiceTtsStream extends tts.SynthesizeStream {
  override readonly label = 'parley.VoiceTtsStream';
  readonly #segmentId = shortuuid('segment_');

  constructor(
    private readonly voice: VoiceTts,
    connection?: APIConnectOptions,
  ) {
    super(voice, connection);
  }

  protected override async run(): Promise<void> {
    const spoken = new Spoken(this.#segmentId);
    const texts = this.clauses();
    try {
      let clause = this.begin(await texts.next());
      while (clause) {
        // The next clause is made while this one is taken: a voice far away needs its answer time only once.
        const next = texts.next().then((text) => this.begin(text));
        next.catch(() => undefined);
        await this.take(clause, spoken);
        clause = await next;
      }
      for (const audio of spoken.end()) this.queue.put(audio);
      this.queue.put(tts.SynthesizeStream.END_OF_STREAM);
    } catch (error) {
      if (!this.abortSignal.aborted) throw error;
    }
  }

  private begin({ value: text, done }: IteratorResult<string, void>): Clause | undefined {
    if (done || text === undefined) return undefined;
    this.markStarted();
    return { text, chunks: this.voice.speak(text, this.abortSignal) };
  }

  private async take({ text, chunks }: Clause, spoken: Spoken): Promise<void> {
    spoken.beginClause();
    let isTimed = false;
    for await (const { pcm, words } of chunks) {
      if (this.abortSignal.aborted) return;
      const timed = words ?? (isTimed ? [] : [{ text, startMs: 0, endMs: 0 }]);
      isTimed = true;
      for (const audio of spoken.add({ pcm, words: timed })) this.queue.put(audio);
    }
  }

  private async *clauses(): AsyncGenerator<string, void> {
    const splitter = new SentenceStream(CLAUSE_LENGTH);
    for await (const input of this.input) {
      const isPause = input === tts.SynthesizeStream.FLUSH_SENTINEL;
      yield* isPause ? splitter.end() : splitter.push(input);
    }
    yield* splitter.end();
  }
}

const FRAME = SPEECH_RATE / 50;

/** Cuts audio into frames of 20 ms. */
class FrameCutter {
  #rest = new Int16Array(0);

  push(pcm: Int16Array): AudioFrame[] {
    const all = joinPcm([this.#rest, pcm]);
    const frames: AudioFrame[] = [];
    let from = 0;
    for (; from + FRAME <= all.length; from += FRAME) frames.push(frameOf(all.slice(from, from + FRAME)));
    this.#rest = all.slice(from);
    return frames;
  }

  flush(): AudioFrame[] {
    const rest = this.#rest;
    this.#rest = new Int16Array(0);
    return rest.length === 0 ? [] : [frameOf(rest)];
  }
}

function frameOf(pcm: Int16Array): AudioFrame {
  return new AudioFrame(pcm, SPEECH_RATE, 1, pcm.length);
}
