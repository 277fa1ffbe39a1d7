/** Hz of a recording. */
export const TAPE_RATE = 16_000;

/** Whose sound it is: the caller is on the left, the agent on the right. */
export type Side = 'caller' | 'agent';

const SIDES = 2;
const BYTES = 2;
const SECOND = TAPE_RATE * SIDES;
/** Sound that claims to be further ahead than this is none of this call's. */
const MOST_AHEAD = TAPE_RATE * 60;

/** Sound of both sides, side by side, of which the beginning is taken away as time goes on. Places are in samples of one side. */
export class StereoTape {
  private samples = new Int16Array(8 * SECOND);
  private taken = 0;

  /** Writes sound at a place; what comes too late for its place is lost. */
  write(side: Side, place: number, sound: Int16Array): void {
    const first = Math.max(0, this.taken - place);
    if (first >= sound.length || place + sound.length - this.taken > MOST_AHEAD) return;
    this.reach(place + sound.length);
    let at = (place + first - this.taken) * SIDES + offsetOf(side);
    for (let index = first; index < sound.length; index += 1, at += SIDES)
      this.samples[at] = sound[index] ?? 0;
  }

  /** Makes one side silent from a place on. */
  hush(side: Side, from: number): void {
    const start = Math.max(0, from - this.taken) * SIDES + offsetOf(side);
    for (let at = start; at < this.samples.length; at += SIDES) this.samples[at] = 0;
  }

  /** Takes everything before a place, as little-endian PCM; what nobody wrote is silence. */
  take(until: number): Uint8Array<ArrayBuffer> {
    const count = Math.max(0, until - this.taken) * SIDES;
    this.reach(until);
    const bytes = new Uint8Array(count * BYTES);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < count; at += 1) view.setInt16(at * BYTES, this.samples[at] ?? 0, true);
    this.samples.copyWithin(0, count);
    this.samples.fill(0, this.samples.length - count);
    this.taken += count / SIDES;
    return bytes;
  }

  private reach(place: number): void {
    const needed = (place - this.taken) * SIDES;
    if (needed <= this.samples.length) return;
    const longer = new Int16Array(Math.ceil(needed / SECOND + 1) * SECOND);
    longer.set(this.samples);
    this.samples = longer;
  }
}

function offsetOf(side: Side): number {
  return side === 'caller' ? 0 : 1;
}

/** The head of a WAV file of so many bytes of stereo sound. */
export function wavHead(soundBytes: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(44);
  const view = new DataView(head.buffer);
  const text = (at: number, value: string): void => head.set(new TextEncoder().encode(value), at);
  // Its sizes have 32 bits: longer files are read to their end all the same.
  const size = Math.min(soundBytes, 0xffff_ffff - 36);
  text(0, 'RIFF');
  view.setUint32(4, 36 + size, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, SIDES, true);
  view.setUint32(24, TAPE_RATE, true);
  view.setUint32(28, TAPE_RATE * SIDES * BYTES, true);
  view.setUint16(32, SIDES * BYTES, true);
  view.setUint16(34, BYTES * 8, true);
  text(36, 'data');
  view.setUint32(40, size, true);
  return head;
}
