import type { VoiceSettings } from '@parley/contracts';
import type { z } from 'zod';

/** What the environment says of speech; the names are those of the service's configuration. */
export interface SpeechEnvironment {
  readonly VOICE_STT: string;
  readonly VOICE_TTS: string;
  readonly VOICE_MODELS?: string | undefined;
  readonly VOICE_OPENAI_BASE_URL?: string | undefined;
  readonly VOICE_OPENAI_API_KEY?: string | undefined;
  readonly VOICE_OPENAI_STT_MODEL?: string | undefined;
  readonly VOICE_OPENAI_TTS_MODEL?: string | undefined;
}

/** The rate at which every voice speaks, and its frames. */
export const SPEECH_RATE = 24_000;

/** A word of synthesised text with the white space behind it, timed from the start of its text. */
export interface TimedWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Some audio at {@link SPEECH_RATE}, and the words that begin in it where the voice knows them. */
export interface SpeechChunk {
  readonly pcm: Int16Array;
  readonly words?: readonly TimedWord[];
}

/** Turns one clause into audio as it comes. Leaving the iteration or aborting ends the work at once. */
export interface Synthesizer {
  readonly label: string;
  /** @throws {APIError} of @livekit/agents; `retryable` says whether the same may work again */
  synthesize(text: string, signal: AbortSignal): AsyncIterable<SpeechChunk>;
  warm?(): Promise<void>;
  close(): Promise<void>;
}

/** Where a phrase comes from. A choice belongs to the step at hand. */
export type PhraseKind = 'choice' | 'suggestion' | 'command';

/** One entry of the closed list that a recogniser of phrases listens for. */
export interface Phrase {
  readonly id: string;
  readonly kind: PhraseKind;
  readonly text: string;
  /** A mistake would cost: heard only with high confidence and a clear lead over the next phrase. */
  readonly costly?: boolean;
}

/** What was heard in one utterance. */
export interface Recognition {
  /** Empty when nothing was understood. */
  readonly text: string;
  /** 0 to 1; null where the recogniser says nothing of it. */
  readonly confidence: number | null;
  /** Speech was there but none of the phrases listened for; asks for "please repeat, or type". */
  readonly rejected: boolean;
  readonly language: string;
  /** The phrase, where the recogniser knows a closed list. */
  readonly phrase?: { readonly id: string; readonly kind: PhraseKind };
}

/** One utterance being heard. */
export interface Utterance {
  push(pcm: Int16Array): void;
  /** No more audio: what was said. @throws {APIError} of @livekit/agents */
  finish(signal: AbortSignal): Promise<Recognition>;
  cancel(): void;
}

/** Hears utterances; the caller finds where they begin and end. */
export interface Recognizer {
  readonly label: string;
  /** The rate that {@link Utterance.push} takes. */
  readonly sampleRate: number;
  /** Hears only the phrases of {@link Recognizer.setPhrases}. */
  readonly closedList: boolean;
  /** @param onPartial what is heard so far, where the recogniser streams */
  begin(onPartial?: (text: string) => void): Utterance;
  /** Listens for another list from the next utterance on. Free recognisers may take it as hints. */
  setPhrases?(phrases: readonly Phrase[]): Promise<void>;
  warm?(): Promise<void>;
  close(): Promise<void>;
}

/** What providers are given: made once per process and shared by its calls. */
export interface SpeechTools {
  readonly environment: SpeechEnvironment;
  /** `fetch` behind the egress guard of the service kit. */
  readonly fetch: typeof globalThis.fetch;
  /** The worker that runs a script: one for all calls of the process, started with its first use. */
  readonly engine: (name: string, script: URL) => EngineCalls;
}

/** Calls to a worker thread. */
export interface EngineCalls {
  call<Answer>(request: object, options?: EngineCallOptions): Promise<Answer>;
}

export interface EngineCallOptions {
  readonly signal?: AbortSignal;
  readonly transfer?: readonly ArrayBuffer[];
  readonly onPiece?: (piece: unknown) => void;
}

/** Something is missing that must be there before a provider can be used: a key, a package, a model. */
export class SpeechSetupError extends Error {
  constructor(
    readonly provider: string,
    message: string,
  ) {
    super(`The speech provider "${provider}" cannot be used: ${message}`);
    this.name = 'SpeechSetupError';
  }
}

/**
 * One way to hear, to speak, or both: a file of its own and a line in the registry.
 * `Settings` is what the provider reads from the environment and from the voice that chose it.
 */
export interface SpeechProvider<Settings = unknown> {
  readonly name: string;
  readonly settings: z.ZodType<Settings>;
  /** The raw settings, before they are parsed. */
  read(environment: SpeechEnvironment, voice: VoiceSettings): unknown;
  /** @throws {SpeechSetupError} naming what is missing and how to get it */
  check(settings: Settings, half: 'stt' | 'tts'): Promise<void>;
  stt?(settings: Settings, tools: SpeechTools): Recognizer;
  tts?(settings: Settings, tools: SpeechTools): Synthesizer;
}
