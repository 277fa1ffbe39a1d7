import { type MessagePort, parentPort } from 'node:worker_threads';
import load from '@echogarden/espeak-ng-emscripten';
import { resamplePcm } from './resample.ts';

interface SynthesisRequest {
  port: MessagePort;
  text: string;
  voice: string;
  rate: number;
  sampleRate: number;
}

const espeak = new (await load()).eSpeakNGWorker();

function speak({ text, voice, rate, sampleRate }: SynthesisRequest): Int16Array | string {
  if (espeak.set_voice(voice) !== 0) return `espeak-ng knows no voice ${voice}`;
  espeak.set_rate(rate);
  const samples: number[] = [];
  espeak.synthesize(text, (pcm) => {
    for (const sample of pcm ?? []) samples.push(sample);
    return false;
  });
  return resamplePcm(Int16Array.from(samples), espeak.get_samplerate(), sampleRate);
}

parentPort?.on('message', (asked: SynthesisRequest) => asked.port.postMessage(speak(asked)));
