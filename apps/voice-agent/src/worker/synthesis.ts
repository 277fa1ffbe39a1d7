import type { tts } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { Speakable } from './speakable.ts';
import type { SpokenWord, Timeline } from './timeline.ts';

/** Markdown as it comes, and where its sound and words go. */
export interface SynthesisOptions {
  voice: tts.TTS;
  /** Pieces of markdown, one after the other. */
  text: AsyncIterable<string>;
  timeline: Timeline;
  /** Told each sentence when its first sound is there, for captions. */
  caption: (sentence: string) => void;
  signal: AbortSignal;
}

/** A sentence for which the voice gave no sound. */
export class VoiceFailed extends Error {}

const FRAME_MS = 40;
const STALL_MS = 10_000;

/**
 * The sound of a text: sentence by sentence, in frames short enough that an interruption cuts at once.
 * @throws VoiceFailed when the voice gives no sound for a sentence, or none in time
 */
export async function* synthesise(options: SynthesisOptions): AsyncGenerator<AudioFrame> {
  const form = new Speakable();
  for await (const piece of options.text) {
    for (const sentence of form.push(piece)) yield* sayOne(sentence, options);
  }
  for (const sentence of form.end()) yield* sayOne(sentence, options);
}

async function* sayOne(sentence: string, options: SynthesisOptions): AsyncGenerator<AudioFrame> {
  const { voice, timeline, caption, signal } = options;
  if (signal.aborted) return;
  timeline.begin(sentence);
  if (!/[\p{L}\p{N}]/u.test(sentence)) return timeline.end();
  const stream = voice.synthesize(sentence.trim(), undefined, signal);
  const chunks = stream[Symbol.asyncIterator]();
  let silent = true;
  try {
    for (;;) {
      const { done, value } = await inTime(chunks.next(), signal);
      if (done || signal.aborted) break;
      if (silent) caption(sentence);
      silent = false;
      timeline.sound(0, wordsOf(value));
      for (const frame of cut(value.frame)) {
        timeline.sound(durationOf(frame));
        yield frame;
      }
    }
  } finally {
    stream.close();
  }
  if (silent && !signal.aborted) throw new VoiceFailed('The voice gave no sound.');
  timeline.end();
}

async function inTime<Value>(next: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new VoiceFailed('The voice gave no sound in time.')), STALL_MS);
    signal.addEventListener('abort', () => reject(new VoiceFailed('The speech was cut.')), { once: true });
  });
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}

function wordsOf({ timedTranscripts }: tts.SynthesizedAudio): SpokenWord[] {
  return (timedTranscripts ?? []).flatMap(({ text, endTime }) =>
    endTime === undefined ? [] : [{ text, endMs: endTime * 1000 }],
  );
}

function durationOf(frame: AudioFrame): number {
  return (frame.samplesPerChannel * 1000) / frame.sampleRate;
}

function* cut(frame: AudioFrame): Generator<AudioFrame> {
  const { data, sampleRate, channels, samplesPerChannel } = frame;
  const size = Math.max(1, Math.floor((sampleRate * FRAME_MS) / 1000));
  if (samplesPerChannel <= size) return yield frame;
  for (let at = 0; at < samplesPerChannel; at += size) {
    const samples = Math.min(size, samplesPerChannel - at);
    yield new AudioFrame(data.slice(at * channels, (at + samples) * channels), sampleRate, channels, samples);
  }
}
