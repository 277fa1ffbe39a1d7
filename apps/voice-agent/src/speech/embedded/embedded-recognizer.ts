import { joinPcm } from '../pcm.ts';
import type { Phrase, Recognition, Recognizer, Utterance } from '../port.ts';
import { type Engines, type ListedPhrase, listPhrases } from './phrase-list.ts';
import type { Match, RecognizeRequest } from './requests.ts';

const SAMPLE_RATE = 16_000;
const MAX_SAMPLES = SAMPLE_RATE * 20;

/**
 * Measured over US-English voices: the right phrase lies mostly above -42, other speech below. The spread turns the
 * distance into a confidence, so that 0.5 is where a phrase is accepted and 0.9 hardly lets any other speech through.
 */
const ACCEPTED_LIKELIHOOD = -42;
const SPREAD = 6;

/** What it takes to be heard: the confidence, the word that fits worst, and the lead of a short phrase over the next. */
const USUAL = { confidence: 0.5, worst: -58, lead: 2 };
const COSTLY = { confidence: 0.94, worst: -36, lead: 10 };

/** Hears one of a list of phrases, in US English, and says so when it was none of them. */
export class EmbeddedRecognizer implements Recognizer {
  readonly label = 'embedded';
  readonly sampleRate = SAMPLE_RATE;
  readonly closedList = true;
  #listed: readonly ListedPhrase[] = [];
  #latest = 0;

  constructor(private readonly engines: Engines) {}

  /** Of lists given in quick succession the last one stays. */
  async setPhrases(phrases: readonly Phrase[]): Promise<void> {
    const turn = (this.#latest += 1);
    const listed = await listPhrases(phrases, this.engines);
    if (turn === this.#latest) this.#listed = listed;
  }

  begin(): Utterance {
    const pieces: Int16Array[] = [];
    let samples = 0;
    return {
      push: (pcm) => {
        if (samples > MAX_SAMPLES) return;
        samples += pcm.length;
        pieces.push(pcm);
      },
      finish: (signal) => this.#recognize(joinPcm(pieces), signal),
      cancel: () => {
        pieces.length = 0;
      },
    };
  }

  async warm(): Promise<void> {
    await this.engines.recognizer.call({ kind: 'unknown', words: [] });
  }

  async close(): Promise<void> {
    this.#listed = [];
  }

  async #recognize(pcm: Int16Array, signal: AbortSignal): Promise<Recognition> {
    const listed = this.#listed;
    const request: RecognizeRequest = {
      kind: 'recognize',
      pcm,
      sampleRate: SAMPLE_RATE,
      phrases: listed.map(({ words }) => words),
    };
    const match = await this.engines.recognizer.call<Match>(request, {
      signal,
      transfer: [pcm.buffer as ArrayBuffer],
    });
    return judge(match, listed);
  }
}

/** Decides whether what fits best was said at all. */
export function judge(match: Match, listed: readonly ListedPhrase[]): Recognition {
  const found = match.phrase === null ? undefined : listed[match.phrase]?.phrase;
  const confidence = 1 / (1 + Math.exp((ACCEPTED_LIKELIHOOD - match.likelihood) / SPREAD));
  const needed = found?.costly ? COSTLY : USUAL;
  const isClear =
    confidence >= needed.confidence &&
    match.worst >= needed.worst &&
    (match.lead === null || match.lead >= needed.lead);
  if (!found || !isClear) {
    const rejected = match.speechMs > 0;
    return { text: '', confidence: found ? confidence : 0, rejected, language: 'en-US' };
  }
  const { id, kind, text } = found;
  return { text, confidence, rejected: false, language: 'en-US', phrase: { id, kind } };
}
