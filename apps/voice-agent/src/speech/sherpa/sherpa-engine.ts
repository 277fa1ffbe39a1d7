import { Resampler } from '../pcm.ts';
import type { TransducerFiles, VoiceFiles } from './model-files.ts';
import type { SherpaRequest } from './requests.ts';

const HEARING_RATE = 16_000;
const SPEAKING_RATE = 24_000;
/** Silence behind an utterance, so that the last word leaves the model's window. */
const TAIL_SECONDS = 0.6;
const FRAME = SPEAKING_RATE / 10;

interface Waveform {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

export interface OnlineStream {
  acceptWaveform(waveform: Waveform): void;
  inputFinished(): void;
}

export interface OnlineRecognizer {
  createStream(): OnlineStream;
  isReady(stream: OnlineStream): boolean;
  decode(stream: OnlineStream): void;
  getResult(stream: OnlineStream): { text: string };
}

export interface OfflineTts {
  generate(request: { text: string; sid: number; speed: number; enableExternalBuffer: boolean }): Waveform;
}

/** The part of the package `sherpa-onnx-node` that is used. */
export interface SherpaPackage {
  OnlineRecognizer: new (config: object) => OnlineRecognizer;
  OfflineTts: new (config: object) => OfflineTts;
}

type Piece = (piece: unknown, transfer?: readonly ArrayBuffer[]) => void;

/** Models in memory and the utterances being heard. Blocks while it works. */
export class SherpaEngine {
  readonly #package: SherpaPackage;
  readonly #recognizers = new Map<string, OnlineRecognizer>();
  readonly #voices = new Map<string, OfflineTts>();
  readonly #utterances = new Map<number, { recognizer: OnlineRecognizer; stream: OnlineStream }>();

  constructor(sherpa: SherpaPackage) {
    this.#package = sherpa;
  }

  /** Answers the text so far, or whole, of an utterance; speech comes in pieces. */
  handle(request: SherpaRequest, isCancelled: () => boolean, piece: Piece): string | null {
    switch (request.kind) {
      case 'load-stt':
        this.#recognizer(request.files);
        return null;
      case 'load-tts':
        this.#voice(request.files);
        return null;
      case 'push':
        return this.#push(request);
      case 'finish':
        return this.#finish(request.utterance);
      case 'cancel':
        this.#utterances.delete(request.utterance);
        return null;
      case 'speak':
        this.#speak(request, isCancelled, piece);
        return null;
    }
  }

  #push({ files, utterance, pcm }: Extract<SherpaRequest, { kind: 'push' }>): string {
    const open = this.#utterances.get(utterance) ?? this.#begin(utterance, files);
    open.stream.acceptWaveform({ samples: toFloat(pcm), sampleRate: HEARING_RATE });
    return this.#decode(open);
  }

  #begin(utterance: number, files: TransducerFiles): { recognizer: OnlineRecognizer; stream: OnlineStream } {
    const recognizer = this.#recognizer(files);
    const open = { recognizer, stream: recognizer.createStream() };
    this.#utterances.set(utterance, open);
    return open;
  }

  #finish(utterance: number): string {
    const open = this.#utterances.get(utterance);
    if (!open) return '';
    this.#utterances.delete(utterance);
    const samples = new Float32Array(HEARING_RATE * TAIL_SECONDS);
    open.stream.acceptWaveform({ samples, sampleRate: HEARING_RATE });
    open.stream.inputFinished();
    return this.#decode(open);
  }

  #decode({ recognizer, stream }: { recognizer: OnlineRecognizer; stream: OnlineStream }): string {
    while (recognizer.isReady(stream)) recognizer.decode(stream);
    return recognizer.getResult(stream).text.trim();
  }

  #speak(
    { files, text, speaker, speed }: Extract<SherpaRequest, { kind: 'speak' }>,
    isCancelled: () => boolean,
    piece: Piece,
  ): void {
    const request = { text, sid: speaker, speed, enableExternalBuffer: false };
    const { samples, sampleRate } = this.#voice(files).generate(request);
    const resampler = new Resampler(sampleRate, SPEAKING_RATE);
    const step = Math.round((FRAME * sampleRate) / SPEAKING_RATE);
    for (let at = 0; at < samples.length && !isCancelled(); at += step) {
      const pcm = resampler.push(toPcm(samples.subarray(at, at + step))).slice();
      if (pcm.length > 0) piece({ pcm }, [pcm.buffer]);
    }
    const last = resampler.flush().slice();
    if (last.length > 0 && !isCancelled()) piece({ pcm: last }, [last.buffer]);
  }

  #recognizer(files: TransducerFiles): OnlineRecognizer {
    const { tokens, encoder, decoder, joiner } = files;
    const made =
      this.#recognizers.get(encoder) ??
      new this.#package.OnlineRecognizer({
        featConfig: { sampleRate: HEARING_RATE, featureDim: 80 },
        modelConfig: { transducer: { encoder, decoder, joiner }, tokens, numThreads: 1, provider: 'cpu' },
        decodingMethod: 'greedy_search',
        enableEndpoint: false,
      });
    this.#recognizers.set(encoder, made);
    return made;
  }

  #voice(files: VoiceFiles): OfflineTts {
    const { model, tokens, dataDir, voices } = files;
    const made =
      this.#voices.get(model) ??
      new this.#package.OfflineTts({
        model: {
          ...(voices === null
            ? { vits: { model, tokens, dataDir } }
            : { kokoro: { model, voices, tokens, dataDir } }),
          numThreads: 1,
          provider: 'cpu',
        },
        maxNumSentences: 1,
      });
    this.#voices.set(model, made);
    return made;
  }
}

function toFloat(pcm: Int16Array): Float32Array {
  return Float32Array.from(pcm, (sample) => sample / 32_768);
}

function toPcm(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))),
  );
}
