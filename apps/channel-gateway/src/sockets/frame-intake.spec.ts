import { FrameIntake, type RawFrame } from './frame-intake.ts';

const frameOf = (no: number, bytes = 1): RawFrame => ({ data: Buffer.alloc(bytes, no), isBinary: false });

/** An intake, and what it did. */
function openIntake(waitMs = (): number => 0) {
  const done = { handled: [] as number[], refused: 0, cut: 0, isHeld: false };
  const answers: (() => void)[] = [];
  const intake = new FrameIntake({
    handle: ({ data }) => {
      done.handled.push(data[0] ?? 0);
      return new Promise((resolve) => answers.push(resolve));
    },
    hold: () => (done.isHeld = true),
    letGo: () => (done.isHeld = false),
    refuse: () => (done.refused += 1),
    cut: () => (done.cut += 1),
    claim: waitMs,
  });
  const answer = async (count = 1): Promise<void> => {
    for (const resolve of answers.splice(0, count)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { intake, done, answer };
}

describe('The frames of a connection', () => {
  it('are handled one by one until it is known, and the socket is not read meanwhile', async () => {
    const { intake, done, answer } = openIntake();
    intake.take(frameOf(1));
    expect(done).toMatchObject({ handled: [1], isHeld: false });
    intake.take(frameOf(2));
    expect(done).toMatchObject({ handled: [1], isHeld: true });
    await answer();
    expect(done).toMatchObject({ handled: [1, 2], isHeld: false });
  });

  it('are at work 32 at a time once it is known, in their order', async () => {
    const { intake, done, answer } = openIntake();
    intake.open();
    for (let no = 0; no < 40; no += 1) intake.take(frameOf(no));
    expect(done.handled).toHaveLength(32);
    expect(done.isHeld).toBe(true);
    await answer(10);
    expect(done.handled).toEqual(Array.from({ length: 40 }, (_, no) => no));
    expect(done.isHeld).toBe(false);
  });

  it('wait for their share', async () => {
    let waitMs = 20;
    const { intake, done } = openIntake(() => waitMs);
    intake.open();
    intake.take(frameOf(1));
    expect(done).toMatchObject({ handled: [], isHeld: true });
    waitMs = 0;
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(done).toMatchObject({ handled: [1], isHeld: false });
  });

  it('are refused beyond 64 that wait, a few times; then the connection is cut and nothing is handled', async () => {
    const { intake, done, answer } = openIntake();
    for (let no = 0; no < 20_000; no += 1) intake.take(frameOf(no % 200));
    expect(done).toMatchObject({ refused: 5, cut: 1, handled: [0] });
    await answer();
    expect(done.handled).toEqual([0]);
  });

  it('are refused beyond 128 kB that wait', () => {
    const { intake, done } = openIntake();
    for (let no = 0; no < 4; no += 1) intake.take(frameOf(no, 60_000));
    expect(done).toMatchObject({ handled: [0], refused: 1, cut: 0 });
  });

  it('may be none a few times', () => {
    const { intake, done } = openIntake();
    const answered = Array.from({ length: 40 }, () => intake.takeMalformed());
    expect(answered.filter(Boolean)).toHaveLength(30);
    expect(done.cut).toBeGreaterThanOrEqual(1);
  });
});
