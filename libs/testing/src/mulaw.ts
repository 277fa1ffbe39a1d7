/** Samples of 16 bits as mu-law, bit by bit as ITU-T G.711 describes it. */
export function encodeMulaw(samples: Int16Array): Buffer {
  return Buffer.from(
    Array.from(samples, (sample) => {
      const magnitude = Math.min(32_635, Math.abs(sample)) + 132;
      let segment = 7;
      while (segment > 0 && magnitude < 128 << segment) segment -= 1;
      const step = (magnitude >> (segment + 3)) & 15;
      return 255 - ((sample < 0 ? 128 : 0) + segment * 16 + step);
    }),
  );
}

/** Mu-law as samples of 16 bits. */
export function decodeMulaw(bytes: Uint8Array): Int16Array {
  return Int16Array.from(bytes, (byte) => {
    const inverted = 255 - byte;
    const segment = (inverted >> 4) & 7;
    const magnitude = (((inverted & 15) * 2 + 33) << (segment + 2)) - 132;
    return inverted >= 128 ? -magnitude : magnitude;
  });
}
