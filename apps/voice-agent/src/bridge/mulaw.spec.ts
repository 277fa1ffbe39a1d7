import { fromMulaw, toMulaw } from './mulaw.ts';

describe('Mu-law', () => {
  it('has the values of G.711', () => {
    // ITU-T G.711, table 2a: bytes as sent, and values of 14 bits times four.
    expect([...fromMulaw(Uint8Array.of(0xff, 0x7f, 0x80, 0x00, 0xf0, 0xe0, 0x8f))]).toEqual([
      ...[0, 0, 32_124, -32_124, 120, 396 - 24, 16_764],
    ]);
  });

  it('gives back every byte but the second zero', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect([...toMulaw(fromMulaw(all))]).toEqual([...all].map((byte) => (byte === 0x7f ? 0xff : byte)));
  });

  it('is nowhere farther off than half of its step, and clips what is louder', () => {
    for (let sample = -32_768; sample <= 32_767; sample += 1) {
      const [heard = 0] = fromMulaw(toMulaw(Int16Array.of(sample)));
      const step = Math.max(8, 2 ** (Math.floor(Math.log2(Math.abs(sample) + 0x84)) - 4));
      const clipped = Math.max(-32_635, Math.min(32_635, sample));
      if (Math.abs(heard - clipped) > step / 2 + 1) throw new Error(`${sample} is heard as ${heard}`);
    }
    expect(fromMulaw(toMulaw(Int16Array.of(32_767, -32_768)))).toEqual(Int16Array.of(32_124, -32_124));
  });
});
