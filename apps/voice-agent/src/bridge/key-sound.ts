import { type Samples, samplesIn } from './pcm.ts';

/** The two tones of each key, in Hz (ITU-T Q.23). */
const rows = [697, 770, 852, 941];
const columns = [1209, 1336, 1477, 1633];
const pad = '123A456B789C*0#D';

const TONE_MS = 100;
const PAUSE_MS = 60;
const LEVEL = 6000;
const RAMP_MS = 5;

/** A key of a telephone as it sounds, with the pause behind it; empty for what is no key. */
export function keySound(digit: string, rate: number): Samples {
  const place = digit.length === 1 ? pad.indexOf(digit) : -1;
  const [row, column] = [rows[Math.floor(place / 4)], columns[place % 4]];
  if (row === undefined || column === undefined) return new Int16Array();
  const sounding = samplesIn(TONE_MS, rate);
  const ramp = samplesIn(RAMP_MS, rate);
  return Int16Array.from({ length: sounding + samplesIn(PAUSE_MS, rate) }, (_, index) => {
    if (index >= sounding) return 0;
    // Without a ramp both ends would click.
    const loudness = LEVEL * Math.min(1, index / ramp, (sounding - index) / ramp);
    const turn = (2 * Math.PI * index) / rate;
    return Math.round(loudness * (Math.sin(row * turn) + Math.sin(column * turn)));
  });
}
