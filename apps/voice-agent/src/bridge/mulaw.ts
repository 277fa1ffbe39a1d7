import type { Samples } from './pcm.ts';

const BIAS = 0x84;
const CLIP = 32_635;

/** What each byte of mu-law sounds like (ITU-T G.711). */
const sounds = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4)) - BIAS;
  return code & 0x80 ? -magnitude : magnitude;
});

/** Bytes of mu-law as samples. */
export function fromMulaw(bytes: Uint8Array): Samples {
  const samples = new Int16Array(bytes.length);
  for (let index = 0; index < bytes.length; index += 1) samples[index] = sounds[bytes[index] ?? 0xff] ?? 0;
  return samples;
}

/** Samples as bytes of mu-law. */
export function toMulaw(samples: Samples): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let index = 0; index < samples.length; index += 1) bytes[index] = byteOf(samples[index] ?? 0);
  return bytes;
}

function byteOf(sample: number): number {
  const magnitude = Math.min(CLIP, Math.abs(sample)) + BIAS;
  const exponent = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
}
