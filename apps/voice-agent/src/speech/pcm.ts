/** PCM here is always mono, 16 bits signed. */

const HALF_WIDTH = 16;

/** Changes the rate of a stream of PCM piece by piece; windowed-sinc, so that speech keeps its band. */
export class Resampler {
  readonly #kernel: Kernel | undefined;
  #held = new Int16Array(0);
  #heldStart = 0;
  #next = 0;

  constructor(from: number, to: number) {
    this.#kernel = from === to ? undefined : kernelOf(from, to);
  }

  /** What can be said of the new rate with the samples known so far. */
  push(pcm: Int16Array): Int16Array {
    if (!this.#kernel) return pcm;
    this.#held = joinPcm([this.#held, pcm]);
    return this.#take(this.#kernel, this.#heldStart + this.#held.length - this.#kernel.reach);
  }

  /** The last samples; the resampler then starts anew. */
  flush(): Int16Array {
    if (!this.#kernel) return new Int16Array(0);
    const last = this.#take(this.#kernel, this.#heldStart + this.#held.length);
    this.#held = new Int16Array(0);
    this.#heldStart = 0;
    this.#next = 0;
    return last;
  }

  #take(kernel: Kernel, end: number): Int16Array {
    const first = this.#next;
    const count = Math.max(0, Math.ceil((end * kernel.up) / kernel.down) - first);
    const out = new Int16Array(count);
    for (let index = 0; index < count; index += 1) out[index] = this.#at(kernel, first + index);
    this.#next = first + count;
    const keepFrom = Math.floor((this.#next * kernel.down) / kernel.up) - kernel.reach;
    const drop = Math.max(0, Math.min(this.#held.length, keepFrom - this.#heldStart));
    this.#held = this.#held.slice(drop);
    this.#heldStart += drop;
    return out;
  }

  #at({ up, down, reach, phases }: Kernel, index: number): number {
    const taps = phases[(index * down) % up] ?? [];
    const first = Math.floor((index * down) / up) - reach + 1 - this.#heldStart;
    let sum = 0;
    for (let tap = 0; tap < taps.length; tap += 1) sum += (this.#held[first + tap] ?? 0) * (taps[tap] ?? 0);
    return Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
}

interface Kernel {
  readonly up: number;
  readonly down: number;
  /** Samples of the old rate on each side. */
  readonly reach: number;
  /** The weights for each place between two samples of the old rate. */
  readonly phases: readonly Float64Array[];
}

function kernelOf(from: number, to: number): Kernel {
  const common = divisorOf(from, to);
  const up = to / common;
  const cutoff = Math.min(1, to / from) * 0.95;
  const span = HALF_WIDTH / cutoff;
  const reach = Math.ceil(span);
  const phases = Array.from({ length: up }, (_, phase) => {
    const offset = phase / up;
    return Float64Array.from({ length: 2 * reach }, (_, tap) => {
      const distance = tap - reach + 1 - offset;
      if (Math.abs(distance) >= span) return 0;
      const angle = Math.PI * distance * cutoff;
      const sinc = Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle;
      return (0.5 + 0.5 * Math.cos((Math.PI * distance) / span)) * sinc * cutoff;
    });
  });
  return { up, down: from / common, reach, phases };
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}

/** A whole piece of PCM at another rate. */
export function resample(pcm: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return pcm;
  const resampler = new Resampler(from, to);
  return joinPcm([resampler.push(pcm), resampler.flush()]);
}

/** Pieces of PCM as one. */
export function joinPcm(pieces: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const joined = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** A WAV file that holds PCM. */
export function wavOf(pcm: Int16Array, sampleRate: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + pcm.length * 2);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string): void => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + pcm.length * 2, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, pcm.length * 2, true);
  for (let index = 0; index < pcm.length; index += 1) view.setInt16(44 + index * 2, pcm[index] ?? 0, true);
  return bytes;
}
