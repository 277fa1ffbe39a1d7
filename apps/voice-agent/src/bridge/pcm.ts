/** Sound as signed 16-bit samples, one channel. */
export type Samples = Int16Array;

const SAMPLE_BYTES = 2;
const QUIET_RMS = 150;

/** Little-endian bytes as samples, in memory of their own: the bytes may lie at an odd place of a shared buffer. */
export function toSamples(bytes: Buffer): Samples {
  const samples = new Int16Array(bytes.length / SAMPLE_BYTES);
  for (let index = 0; index < samples.length; index += 1)
    samples[index] = bytes.readInt16LE(index * SAMPLE_BYTES);
  return samples;
}

/** Samples as little-endian bytes. */
export function toBytes(samples: Samples): Buffer {
  const bytes = Buffer.allocUnsafe(samples.length * SAMPLE_BYTES);
  for (let index = 0; index < samples.length; index += 1)
    bytes.writeInt16LE(samples[index] ?? 0, index * SAMPLE_BYTES);
  return bytes;
}

/** Samples of so many milliseconds. */
export function samplesIn(milliseconds: number, rate: number): number {
  return Math.round((milliseconds * rate) / 1000);
}

/** Whether nobody speaks in it, whatever noise a line has of its own. */
export function isQuiet(samples: Samples): boolean {
  const energy = samples.reduce((sum, sample) => sum + sample * sample, 0);
  return energy <= QUIET_RMS * QUIET_RMS * samples.length;
}

/** Whether nothing is to be heard in it; what a codec makes of silence is not always zero. */
export function isSilent(samples: Samples): boolean {
  return samples.every((sample) => Math.abs(sample) <= 16);
}
