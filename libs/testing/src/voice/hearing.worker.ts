import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import createRecogniser, { type Decoder } from 'soundswallower';
import { resamplePcm } from '../resample.ts';
import type { HearingRequest } from './hearing.ts';

const RATE = 16_000;

/** A decoder that prunes nothing: long texts are to be heard as well as short ones. */
async function open(): Promise<Decoder> {
  const recogniser = await createRecogniser();
  const hmm = join(dirname(createRequire(import.meta.url).resolve('soundswallower')), 'model/en-us');
  const width = { beam: 0, wbeam: 0, pbeam: 0, maxhmmpf: -1 };
  const decoder = new recogniser.Decoder({ hmm, samprate: RATE, ...width });
  await decoder.initialize();
  return decoder;
}

function recognise(decoder: Decoder, { samples, rate, candidates }: HearingRequest): string | null {
  const known = candidates.map((text) => ({ text, words: wordsOf(decoder, text) }));
  const alternatives = known.map(({ words }) => `(${words.join(' ')})`).join(' | ');
  decoder.set_grammar(`#JSGF V1.0;\ngrammar candidates;\npublic <text> = ${alternatives};`);
  decoder.start();
  decoder.process_audio(
    Float32Array.from(resamplePcm(samples, rate, RATE), (one) => one / 32_768),
    false,
    true,
  );
  decoder.stop();
  const heard = decoder.get_text().trim();
  return known.find(({ words }) => words.join(' ') === heard)?.text ?? null;
}

function wordsOf(decoder: Decoder, text: string): string[] {
  const words = text.toLowerCase().match(/[a-z']+/g) ?? [];
  return words.filter((word) => decoder.lookup_word(word) !== null);
}

const decoder = open();
parentPort?.on('message', (request: HearingRequest) => {
  decoder
    .then((opened) => recognise(opened, request))
    .then(
      (text) => parentPort?.postMessage({ text }),
      (error: unknown) => parentPort?.postMessage({ error: String(error) }),
    );
});
