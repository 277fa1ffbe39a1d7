import { dirname } from 'node:path';
import { createRequire } from 'node:module';
import createModule from 'soundswallower';
import type { Decoder, SoundSwallowerModule } from 'soundswallower';
import { condition, MODEL_RATE, PADDING_MS } from './conditioning.ts';
import type { Match, Pronunciation, RecognizeRequest } from './requests.ts';

/**
 * The default beams give up the right phrase of many: a small grammar needs none so narrow. The weight of the grammar
 * is low because every phrase of a closed list is as likely as any other.
 */
const WIDE = { beam: 1e-100, wbeam: 1e-80, pbeam: 1e-100, lw: 1 };
/** Sounds without context are enough to say how well any speech at all would fit. */
const LOOP = { beam: 1e-60, wbeam: 1e-60, pbeam: 1e-60, lw: 1, cionly: true };
const PHONES =
  'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH'.split(
    ' ',
  );
/** A path that names no file: this decoder gets no dictionary but the sounds themselves. */
const NO_DICTIONARY = '/dev/null/none';

/** Only short phrases are taken for one another; there a second look at all others costs little. */
const SHORT_MS = 900;
/** A long utterance is no phrase of a list, and its recognition would hold up others. */
const MAX_SPEECH_MS = 15_000;
/** Words learned before the decoder is loaded anew, which bounds its memory. */
const MAX_LEARNED = 5_000;

interface Heard {
  readonly text: string;
  readonly score: number;
}

/** soundswallower, listening for one of a list of phrases and for sounds of any kind beside. Blocks while it decodes. */
export class PhraseDecoder {
  readonly #learned = new Set<string>();
  readonly #wasm: SoundSwallowerModule;
  readonly #loop: Decoder;
  #phrases: Decoder;

  private constructor(wasm: SoundSwallowerModule, phrases: Decoder, loop: Decoder) {
    this.#wasm = wasm;
    this.#phrases = phrases;
    this.#loop = loop;
  }

  static async load(): Promise<PhraseDecoder> {
    const base = dirname(createRequire(import.meta.url).resolve('soundswallower'));
    const wasm = { modelBase: `${base}/model/` } as unknown as SoundSwallowerModule;
    await createModule(wasm);
    const phrases = await decoderOf(wasm, WIDE);
    const loop = await decoderOf(wasm, { ...LOOP, dict: NO_DICTIONARY });
    loop.add_words(...PHONES.map((phone): [string, string] => [phone, phone]));
    loop.set_grammar(grammarOf([`( ${PHONES.join(' | ')} )+`]));
    return new PhraseDecoder(wasm, phrases, loop);
  }

  knows(word: string): boolean {
    return this.#phrases.lookup_word(word) !== null;
  }

  async learn(pronunciations: readonly Pronunciation[]): Promise<void> {
    if (this.#learned.size > MAX_LEARNED) await this.forget();
    for (const { word, phones } of pronunciations) {
      if (this.knows(word)) continue;
      this.#phrases.add_words([word, phones]);
      this.#learned.add(word);
    }
  }

  recognize({ pcm, sampleRate, phrases }: RecognizeRequest): Match {
    const audio = condition(pcm, sampleRate);
    if (!audio || phrases.length === 0) return nothing(0);
    const lengthMs = (audio.length / MODEL_RATE) * 1000 - 2 * PADDING_MS;
    if (lengthMs > MAX_SPEECH_MS) return nothing(lengthMs);
    const best = this.decode(phrases, audio);
    const words = segmentsOf(this.#phrases).filter(({ name }) => !/^[<[]/.test(name));
    const speechMs = words.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    const index = phrases.indexOf(best.text);
    // What hides in a stretch of something else is no phrase.
    if (index < 0 || speechMs < lengthMs * 0.5) return nothing(lengthMs);
    const any = this.hear(this.#loop, audio);
    return {
      phrase: index,
      likelihood: (best.score - any.score) / (speechMs / 10),
      worst: worstOf(words, segmentsOf(this.#loop)),
      lead: this.leadOver(phrases, { best, audio, speechMs }),
      speechMs,
    };
  }

  private leadOver(
    phrases: readonly string[],
    { best, audio, speechMs }: { best: Heard; audio: Float32Array; speechMs: number },
  ): number | null {
    const others = phrases.filter((phrase) => phrase !== best.text);
    if (others.length === 0 || speechMs > SHORT_MS) return null;
    const second = this.decode(others, audio);
    return second.text === '' ? null : (best.score - second.score) / Math.max(1, speechMs / 10);
  }

  private decode(phrases: readonly string[], audio: Float32Array): Heard {
    this.#phrases.set_grammar(grammarOf(phrases));
    return this.hear(this.#phrases, audio);
  }

  private hear(decoder: Decoder, audio: Float32Array): Heard {
    decoder.start();
    decoder.process_audio(audio, false, true);
    decoder.stop();
    return { text: decoder.get_text(), score: this.scoreOf(decoder) };
  }

  /** The package's own methods give the text alone; the score beside it is what rejection needs. */
  private scoreOf(decoder: Decoder): number {
    const { _malloc, _free, _decoder_hyp, HEAP32 } = this.#wasm as unknown as Internals;
    const address = _malloc(4);
    _decoder_hyp((decoder as unknown as { cdecoder: number }).cdecoder, address);
    const score = HEAP32[address >> 2] ?? 0;
    _free(address);
    return score;
  }

  private async forget(): Promise<void> {
    this.#phrases.delete();
    this.#phrases = await decoderOf(this.#wasm, WIDE);
    this.#learned.clear();
  }
}

function nothing(speechMs: number): Match {
  return { phrase: null, likelihood: -1000, worst: -1000, lead: null, speechMs };
}

/** A word or sound where the decoder found it. */
interface Segment {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly score: number;
}

/** The decoder gives a segment's score as a probability; its logarithm has this base. */
const LOG_BASE = Math.log(1.0001);

function segmentsOf(decoder: Decoder): Segment[] {
  return (decoder.get_alignment().w ?? []).map(({ t, b, d, p }) => ({
    name: t,
    startMs: b * 1000,
    endMs: (b + d) * 1000,
    score: Math.log(Math.max(p, 1e-3)) / LOG_BASE,
  }));
}

/** The likelihood of the part that fits worst: one wrong word among right ones shows here. Parts last 250 ms or more. */
function worstOf(words: readonly Segment[], sounds: readonly Segment[]): number {
  const parts: Segment[] = [];
  for (const word of words) {
    const last = parts.at(-1);
    if (last && last.endMs - last.startMs < 250)
      parts[parts.length - 1] = { ...last, endMs: word.endMs, score: last.score + word.score };
    else parts.push(word);
  }
  const fits = parts.map(({ startMs, endMs, score }) => {
    const any = sounds.reduce((sum, sound) => {
      const shared = Math.min(endMs, sound.endMs) - Math.max(startMs, sound.startMs);
      return shared > 0 ? sum + (sound.score * shared) / (sound.endMs - sound.startMs) : sum;
    }, 0);
    return (score - any) / Math.max(1, (endMs - startMs) / 10);
  });
  return Math.min(...fits);
}

interface Internals {
  _malloc(bytes: number): number;
  _free(address: number): void;
  _decoder_hyp(decoder: number, score: number): number;
  HEAP32: Int32Array;
}

async function decoderOf(wasm: SoundSwallowerModule, config: object): Promise<Decoder> {
  const decoder = new wasm.Decoder({ samprate: MODEL_RATE, loglevel: 'FATAL', ...config });
  await decoder.initialize();
  return decoder;
}

function grammarOf(alternatives: readonly string[]): string {
  return `#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = ${alternatives.join(' | ')};\n`;
}
