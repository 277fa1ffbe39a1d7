import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import createRecogniser, { type Decoder } from 'soundswallower';
import { rms } from '../audio.ts';
import { resamplePcm } from '../resample.ts';
import type { RecognitionRequest } from './speech-recogniser.ts';

const RATE = 16_000;
const LOOK = RATE / 100;
/** Below this a hundredth of a second is silence. */
const QUIET = 250;
/**
 * Part of the sound that the words of a text have to fill: right texts fill two thirds and more, wrong ones less than
 * 0.6, as the decoder takes what does not fit for silence.
 */
const FILLED = 0.6;
/** A wrong text may fit best where most of the sound counts as silence; then the next best is tried. */
const TRIES = 3;

/** A text that may have been said, in words of the dictionary. */
interface Candidate {
  text: string;
  words: string;
  /** Part of its letters that the dictionary knows. */
  known: number;
}

/** A decoder that prunes nothing: long texts are to be heard as well as short ones, and all are as likely. */
async function open(): Promise<Decoder> {
  const recogniser = await createRecogniser();
  const hmm = join(dirname(createRequire(import.meta.url).resolve('soundswallower')), 'model/en-us');
  const width = { beam: 1e-300, wbeam: 1e-300, pbeam: 1e-300, maxhmmpf: -1, lw: 1 };
  const decoder = new recogniser.Decoder({ hmm, samprate: RATE, loglevel: 'FATAL', ...width });
  await decoder.initialize();
  return decoder;
}

function recognise(decoder: Decoder, { samples, rate, candidates }: RecognitionRequest): string | null {
  const pcm = resamplePcm(samples, rate, RATE);
  const sound = Float32Array.from(pcm, (one) => one / 32_768);
  let left = candidates.map((text) => candidateOf(decoder, text)).filter(({ words }) => words !== '');
  for (let no = 0; no < TRIES && left.length > 0; no += 1) {
    const grammar = left.map(({ words }) => `(${words})`).join(' | ');
    decoder.set_grammar(`#JSGF V1.0;\ngrammar candidates;\npublic <text> = ${grammar};`);
    decoder.start();
    decoder.process_audio(sound, false, true);
    decoder.stop();
    const heard = decoder.get_text().trim();
    const best = left.find(({ words }) => words === heard);
    if (!best) return null;
    if (filled(decoder, pcm) >= FILLED * best.known) return best.text;
    left = left.filter((one) => one !== best);
  }
  return null;
}

/** The part of the sound, silence apart, in which the decoder found words. */
function filled(decoder: Decoder, pcm: Int16Array): number {
  const words = (decoder.get_alignment().w ?? []).filter(({ t, d }) => !/^[<[(]/.test(t) && isSaid(t, d));
  let loud = 0;
  let spoken = 0;
  for (let no = 0; no * LOOK < pcm.length; no += 1) {
    if (rms(pcm.subarray(no * LOOK, (no + 1) * LOOK)) <= QUIET) continue;
    loud += 1;
    if (words.some(({ b, d }) => no / 100 >= b && no / 100 < b + d)) spoken += 1;
  }
  return spoken / Math.max(1, loud);
}

/** Whether a word may last as long: in noise words are stretched. */
function isSaid(word: string, seconds: number): boolean {
  return seconds <= 0.3 + 0.1 * word.replace(/\(\d+\)$/, '').length;
}

function candidateOf(decoder: Decoder, text: string): Candidate {
  const all = text.toLowerCase().match(/[a-z']+/g) ?? [];
  const words = all.flatMap((word) => partsOf(decoder, word));
  return { text, words: words.join(' '), known: words.join('').length / Math.max(1, all.join('').length) };
}

/** A word as the dictionary has it: itself, without its genitive, or as two words; none where it has not. */
function partsOf(decoder: Decoder, word: string): string[] {
  const isKnown = (one: string): boolean => decoder.lookup_word(one) !== null;
  if (isKnown(word)) return [word];
  const stem = word.replace(/'s$/, '');
  if (isKnown(stem)) return [stem];
  for (let at = 3; at <= stem.length - 3; at += 1) {
    const parts = [stem.slice(0, at), stem.slice(at)];
    if (parts.every(isKnown)) return parts;
  }
  return [];
}

const decoder = open();
parentPort?.on('message', (request: RecognitionRequest) => {
  decoder
    .then((opened) => recognise(opened, request))
    .then(
      (text) => parentPort?.postMessage({ text }),
      (error: unknown) => parentPort?.postMessage({ error: String(error) }),
    );
});
