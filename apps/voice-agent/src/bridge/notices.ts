import { Worker } from 'node:worker_threads';
import type { SpeakRequest } from '../speech/embedded/requests.ts';
import { joinPcm, resample } from '../speech/pcm.ts';
import { promptsFor } from '../worker/prompts.ts';
import type { Samples } from './pcm.ts';

/** Why a caller hears a sentence and nothing else. */
export type Notice = 'busy' | 'failed';

/** Rate of the synthesiser's answers. */
const SPOKEN_RATE = 24_000;
const WITHIN_MS = 5000;

/** Sentences that need no agent, each spoken once by espeak-ng and kept. */
export class Notices {
  private readonly rate: number;
  private readonly spoken = new Map<string, Promise<Samples>>();

  constructor(rate: number) {
    this.rate = rate;
  }

  /** @throws Error where espeak-ng is not installed, or knows no such language */
  sound(notice: Notice, language: string | null): Promise<Samples> {
    const prompts = promptsFor(language);
    const text = notice === 'busy' ? prompts.linesBusy : prompts.callAgain;
    const known = this.spoken.get(text);
    if (known) return known;
    const made = this.speak(text, language ?? 'en-us');
    this.spoken.set(text, made);
    made.catch(() => this.spoken.delete(text));
    return made;
  }

  private async speak(text: string, language: string): Promise<Samples> {
    const whole = language.toLowerCase();
    const voices = [whole, whole.split('-', 1)[0] ?? whole, 'en-us'];
    const pieces = await synthesise({ kind: 'speak', text, voices, speed: 1 });
    return resample(joinPcm(pieces), SPOKEN_RATE, this.rate);
  }
}

/** A thread of its own for one sentence: a bridge that is never full never loads a voice. */
async function synthesise(request: SpeakRequest): Promise<Int16Array[]> {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`../speech/embedded/synthesizer.worker.${ending}`, import.meta.url));
  const pieces: Int16Array[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('The playout of a notice timed out.')), WITHIN_MS);
      worker.once('error', reject);
      worker.on('message', (answer: { piece?: { pcm: Int16Array }; error?: string }) => {
        if (answer.piece) return void pieces.push(answer.piece.pcm);
        if (answer.error === undefined) resolve(pieces);
        else reject(new Error(answer.error));
      });
      worker.postMessage({ id: 1, request, cancelled: new Int32Array(new SharedArrayBuffer(4)) });
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
