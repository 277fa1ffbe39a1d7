import { once as nextEvent } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { resamplePcm } from './resample.ts';

/** How a synthetic caller speaks. */
export interface SpeakerOptions {
  /** A voice of espeak-ng, such as `en-us` or `en-us+f3`. */
  voice?: string;
  /** Words a minute; 160 unless said. */
  rate?: number;
  /** Of the samples returned; 24,000 unless said. */
  sampleRate?: number;
}

// A thread of its own: the synthesiser blocks while it works, and is many times slower inside Jest's sandbox.
const speaker = once(() => {
  const worker = new Worker(new URL('./speaker.worker.ts', import.meta.url), { execArgv: ['--no-warnings'] });
  worker.unref();
  return worker;
});

/**
 * Speech of a synthetic caller as PCM, mono, 16 bits. The same text and options always give the same sounds, up to a
 * little noise of the synthesiser itself.
 * @throws when espeak-ng knows no such voice
 */
export async function synthesize(text: string, options: SpeakerOptions = {}): Promise<Int16Array> {
  const { voice = 'en-us', rate = 160, sampleRate = 24_000 } = options;
  const { port1, port2 } = new MessageChannel();
  speaker().postMessage({ port: port2, text, voice, rate, sampleRate }, [port2]);
  const [answer] = (await nextEvent(port1, 'message')) as [Int16Array | string];
  port1.close();
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
}

/** Pieces of PCM as one. */
export function concatPcm(pieces: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Digital silence. */
export function silence(ms: number, sampleRate: number): Int16Array {
  return new Int16Array(Math.round((ms / 1000) * sampleRate));
}

/** White noise of an RMS level (0 to 32767), the same each time for the same seed. */
export function noise(ms: number, sampleRate: number, { level = 300, seed = 1 } = {}): Int16Array {
  let state = seed;
  return silence(ms, sampleRate).map(() => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.round((state / 0x7fff_ffff - 0.5) * level * Math.sqrt(12));
  });
}

export { resamplePcm };

/** Root mean square of samples, 0 to 32767. */
export function rms(pcm: Int16Array): number {
  return Math.sqrt(pcm.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, pcm.length));
}

/** Where sound begins and ends, in ms, by windows of 10 ms above an RMS level; null when there is none. */
export function soundSpan(
  pcm: Int16Array,
  sampleRate: number,
  level = 200,
): { startMs: number; endMs: number } | null {
  const window = sampleRate / 100;
  const loud = Array.from(
    { length: Math.floor(pcm.length / window) },
    (_, index) => rms(pcm.subarray(index * window, (index + 1) * window)) >= level,
  );
  const first = loud.indexOf(true);
  return first < 0 ? null : { startMs: first * 10, endMs: (loud.lastIndexOf(true) + 1) * 10 };
}

/** A WAV file of PCM. */
export function wav(pcm: Int16Array, sampleRate: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + pcm.length * 2, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcm.length * 2, 40);
  return Buffer.concat([header, Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength)]);
}

/** The samples of a WAV file that holds 16-bit mono PCM. @throws when it holds something else */
export function readWav(file: Uint8Array): { pcm: Int16Array; sampleRate: number } {
  const bytes = Buffer.from(file);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error('Not a WAV file');
  let sampleRate = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (name === 'fmt ') {
      const [format, channels, bits] = [20 - 12, 22 - 12, 34 - 12].map((offset) =>
        bytes.readUInt16LE(at + offset),
      );
      if (format !== 1 || channels !== 1 || bits !== 16) throw new Error('Not 16-bit mono PCM');
      sampleRate = bytes.readUInt32LE(at + 12);
    }
    if (name === 'data') {
      const data = bytes.subarray(at + 8, at + 8 + size);
      return { pcm: new Int16Array(new Uint8Array(data).buffer, 0, data.length >> 1), sampleRate };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error('A WAV file without samples');
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
