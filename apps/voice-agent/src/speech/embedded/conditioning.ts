import { resample } from '../pcm.ts';

/** The rate at which the acoustic model is fed. */
export const MODEL_RATE = 16_000;

const FRAME = MODEL_RATE / 100;
const TARGET_LEVEL = 0.1;
/** About 36 dB below speech: digital silence has no spectrum, and the model's averages break on it. */
const NOISE = 3e-3;
/** Silence put before and behind the speech. */
export const PADDING_MS = 200;
const PADDING = (MODEL_RATE * PADDING_MS) / 1000;

/** An utterance cut to its speech, at one level, over a little noise; null when there is no speech in it. */
export function condition(pcm: Int16Array, sampleRate: number): Float32Array | null {
  const samples = resample(pcm, sampleRate, MODEL_RATE);
  const levels = levelsOf(samples);
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  if (loudest < 30) return null;
  const threshold = Math.max(15, loudest * 0.05);
  const first = levels.findIndex((level) => level >= threshold);
  const last = levels.findLastIndex((level) => level >= threshold);
  const speech = samples.subarray(first * FRAME, Math.min(samples.length, (last + 1) * FRAME));
  const active = levels.filter((level) => level >= loudest * 0.1);
  if (isSteady(levels.slice(first, last + 1))) return null;
  const level = Math.sqrt(active.reduce((sum, each) => sum + each * each, 0) / active.length);
  return withNoise(speech, TARGET_LEVEL / level);
}

/** Speech swells and falls; what stays as loud as it is, is a machine. */
function isSteady(levels: readonly number[]): boolean {
  const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
  const variance = levels.reduce((sum, level) => sum + (level - mean) ** 2, 0) / levels.length;
  return Math.sqrt(variance) < 0.25 * mean;
}

function levelsOf(samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / FRAME) }, (_, frame) => {
    let sum = 0;
    for (let at = frame * FRAME; at < (frame + 1) * FRAME; at += 1) sum += (samples[at] ?? 0) ** 2;
    return Math.sqrt(sum / FRAME);
  });
}

// The same noise each time, so that the same audio is always heard alike.
function withNoise(speech: Int16Array, gain: number): Float32Array {
  const out = new Float32Array(speech.length + 2 * PADDING);
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x7fff_ffff - 0.5;
  };
  for (let at = 0; at < out.length; at += 1) {
    const sample = (speech[at - PADDING] ?? 0) * gain;
    out[at] = sample + (uniform() + uniform() + uniform()) * NOISE;
  }
  return out;
}
