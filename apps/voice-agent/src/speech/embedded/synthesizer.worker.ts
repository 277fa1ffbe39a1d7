import load from '@echogarden/espeak-ng-emscripten';
import { Resampler } from '../pcm.ts';
import { answerRequests, type Work } from '../worker-thread.ts';
import { toArpabet } from './arpabet.ts';
import type { SpeakRequest, SynthesizerRequest } from './requests.ts';
import { plainText, WordTimes } from './word-times.ts';

const OUTPUT_RATE = 24_000;
const WORDS_PER_MINUTE = 165;

const espeak = new (await load()).eSpeakNGWorker();
const sampleRate = espeak.get_samplerate();

/** Takes the first of these voices that espeak-ng knows. */
function chooseVoice(names: readonly string[]): void {
  if (names.some((name) => espeak.set_voice(name) === 0)) return;
  throw new Error(`espeak-ng knows no voice "${names.join('" or "')}"`);
}

function speak({ text, voices, speed }: SpeakRequest, { isCancelled, piece }: Work): void {
  chooseVoice(voices);
  espeak.set_rate(Math.round(WORDS_PER_MINUTE * speed));
  const resampler = new Resampler(sampleRate, OUTPUT_RATE);
  const times = new WordTimes(text);
  const send = (pcm: Int16Array): void => {
    const words = times.take();
    if (pcm.length === 0 && words.length === 0) return;
    // A copy of its own: what is transferred is gone here.
    const own = pcm.slice();
    piece({ pcm: own, words }, [own.buffer]);
  };
  espeak.synthesize(plainText(text), (pcm, events) => {
    for (const event of events ?? []) {
      if (event.type === 'word') times.begin(event.text_position - 1, event.audio_position);
      if (event.type === 'end') times.end(event.audio_position);
    }
    if (pcm && pcm.length > 0) send(resampler.push(pcm));
    return isCancelled();
  });
  times.finish();
  send(resampler.flush());
}

/** How American English says a word, in the phones of the recogniser; empty when it is not said at all. */
function pronounce(word: string): string {
  chooseVoice(['en-us']);
  let ipa = '';
  espeak.synthesize(plainText(word), (_pcm, events) => {
    for (const event of events ?? []) if (event.type === 'phoneme') ipa += event.id ?? '';
    return false;
  });
  return toArpabet(ipa);
}

answerRequests<SynthesizerRequest>((request, work) => {
  switch (request.kind) {
    case 'speak':
      return speak(request, work);
    case 'pronounce':
      return request.words.map(pronounce);
    case 'check':
      return chooseVoice(request.voices);
  }
});
