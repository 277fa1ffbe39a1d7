/** What the worker of the voice is asked. */
export interface SpeakRequest {
  readonly kind: 'speak';
  readonly text: string;
  /** The first that is known is used. */
  readonly voices: readonly string[];
  readonly speed: number;
}

export type SynthesizerRequest =
  | SpeakRequest
  | { readonly kind: 'pronounce'; readonly words: readonly string[] }
  | { readonly kind: 'check'; readonly voices: readonly string[] };

/** A pronunciation the dictionary lacks. */
export interface Pronunciation {
  readonly word: string;
  readonly phones: string;
}

export interface RecognizeRequest {
  readonly kind: 'recognize';
  readonly pcm: Int16Array;
  readonly sampleRate: number;
  /** Each phrase as words of the dictionary. */
  readonly phrases: readonly string[];
}

/** What the worker of the recogniser is asked. */
export type RecognizerRequest =
  | RecognizeRequest
  /** Answers the words that the dictionary lacks. */
  | { readonly kind: 'unknown'; readonly words: readonly string[] }
  | { readonly kind: 'learn'; readonly pronunciations: readonly Pronunciation[] };

/** How well the best phrase fits; scores are per 10 ms of speech, in the decoder's logarithm. */
export interface Match {
  /** Index into the phrases; null when there was no speech, or nothing that fits at all. */
  readonly phrase: number | null;
  /** How much better a free sequence of sounds fits: near 0 for the right phrase, far below for other speech. */
  readonly likelihood: number;
  /** The likelihood of the word that fits worst. */
  readonly worst: number;
  /** How much worse the second phrase fits; null when it was not asked for, or there is none. */
  readonly lead: number | null;
  readonly speechMs: number;
}
