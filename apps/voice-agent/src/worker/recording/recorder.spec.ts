import { Recorder } from './recorder.ts';
import type { RecordingFile } from './recording-file.ts';
import { TAPE_RATE, wavHead } from './stereo-tape.ts';

/** Keeps what it is given. */
class FakeFile {
  readonly pieces: Uint8Array[] = [];

  append(piece: Uint8Array): void {
    this.pieces.push(piece);
  }

  async finish(): Promise<{ parts: number; incomplete: boolean }> {
    return { parts: this.pieces.length + 1, incomplete: false };
  }

  /** Both sides as numbers. */
  get sides(): { caller: number[]; agent: number[] } {
    const bytes = Buffer.concat(this.pieces);
    const all = Array.from({ length: bytes.length / 2 }, (_none, index) => bytes.readInt16LE(index * 2));
    return { caller: all.filter((_one, at) => at % 2 === 0), agent: all.filter((_one, at) => at % 2 === 1) };
  }
}

const ms = (count: number): number => (count * TAPE_RATE) / 1000;
const sound = (milliseconds: number, value: number): Int16Array =>
  new Int16Array(ms(milliseconds)).fill(value);
/** Where a value stands, in milliseconds. */
const stretch = (side: number[], value: number): [number, number] => [
  side.indexOf(value) / ms(1),
  (side.lastIndexOf(value) + 1) / ms(1),
];

describe('Recorder', () => {
  let now: number;
  let file: FakeFile;
  let recorder: Recorder;
  const played = (milliseconds: number, value: number): void =>
    recorder.played({ data: sound(milliseconds, value), sampleRate: TAPE_RATE });

  beforeEach(() => {
    now = 0;
    file = new FakeFile();
    recorder = new Recorder(file as unknown as RecordingFile, () => now);
  });

  it('puts both sides where they were heard: what the caller has said, what the agent is about to say', async () => {
    now = 1000;
    recorder.heard(sound(200, 1));
    played(400, 2);
    now = 1500;
    recorder.flush(0);
    now = 2500;
    recorder.heard(sound(100, 3));
    await recorder.finish();
    const { caller, agent } = file.sides;
    expect([caller.length, agent.length]).toEqual([ms(2500), ms(2500)]);
    expect(stretch(caller, 1)).toEqual([800, 1000]);
    expect(stretch(caller, 3)).toEqual([2400, 2500]);
    expect(stretch(agent, 2)).toEqual([1000, 1400]);
    expect(caller.filter((value) => value !== 0)).toHaveLength(ms(300));
  });

  it('finds the caller’s place again when sound was lost, and when the first of it came late', async () => {
    const hear = (milliseconds: number, value: number): void => {
      for (let past = 0; past < milliseconds; past += 20) {
        now += 20;
        recorder.heard(sound(20, value));
      }
    };
    // The process stood still when the first sound came: half a second is heard at once.
    now = 500;
    for (let piece = 0; piece < 25; piece += 1) recorder.heard(sound(20, 1));
    hear(2000, 2);
    hear(1000, 3);
    // Less is lost than a process may stand still for.
    now += 600;
    hear(2000, 4);
    hear(1000, 5);
    // It stands still, and nothing is lost.
    now += 700;
    for (let piece = 0; piece < 35; piece += 1) recorder.heard(sound(20, 6));
    hear(2000, 7);
    await recorder.finish();
    const { caller } = file.sides;
    const near = (value: number, [from, to]: [number, number]): void => {
      const [began, ended] = stretch(caller, value);
      expect([Math.abs(began - from) <= 60, Math.abs(ended - to) <= 60]).toEqual([true, true]);
    };
    near(3, [2500, 3500]);
    near(5, [6100, 7100]);
    near(6, [7100, 7800]);
    near(7, [7800, 9800]);
  });

  it('keeps pieces together that come in a burst, and begins anew behind a pause', async () => {
    now = 1000;
    for (const value of [1, 2, 3]) played(100, value);
    now = 1100;
    played(100, 4);
    now = 3000;
    played(100, 5);
    now = 4000;
    await recorder.finish();
    const { agent } = file.sides;
    expect([1, 2, 3, 4, 5].map((value) => stretch(agent, value))).toEqual([
      ...[1000, 1100, 1200, 1300, 3000].map((at) => [at, at + 100]),
    ]);
  });

  it('forgets of the agent what was cut off before it was heard', async () => {
    now = 1000;
    played(400, 1);
    now = 1150;
    recorder.cut();
    now = 1200;
    played(100, 2);
    now = 2000;
    await recorder.finish();
    const { agent } = file.sides;
    expect(stretch(agent, 1)).toEqual([1000, 1150]);
    expect(stretch(agent, 2)).toEqual([1200, 1300]);
  });

  it('brings the agent’s sound to the rate of the tape', async () => {
    now = 1000;
    for (let piece = 0; piece < 25; piece += 1) {
      recorder.played({ data: new Int16Array(960).fill(8000), sampleRate: 24_000 });
      now += 40;
    }
    now = 3000;
    await recorder.finish();
    const loud = file.sides.agent.filter((value) => value > 6000).length / ms(1);
    expect(loud).toBeGreaterThan(970);
    expect(loud).toBeLessThan(1010);
  });

  it('does not hold the event loop up over what it takes in three seconds', () => {
    for (let piece = 0; piece < 75; piece += 1) {
      now += 40;
      recorder.heard(sound(40, 1));
      played(40, 2);
    }
    // Of the processor, not of the clock: others may be at work here.
    const before = process.cpuUsage();
    recorder.flush(0);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(20);
  });
});

test('the head of a file tells its length, two sides and 16 bits at 16 kHz', () => {
  const head = Buffer.from(wavHead(64_000));
  expect(head.toString('latin1', 0, 4) + head.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ');
  expect([22, 32, 34].map((at) => head.readUInt16LE(at))).toEqual([2, 4, 16]);
  expect([4, 24, 28, 40].map((at) => head.readUInt32LE(at))).toEqual([64_036, 16_000, 64_000, 64_000]);
});
