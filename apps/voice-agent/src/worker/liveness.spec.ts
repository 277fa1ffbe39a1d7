import { Liveness } from './liveness.ts';

describe('Liveness', () => {
  let now = 0;
  let told: string[];
  let liveness: Liveness;
  beforeEach(() => {
    now = 1;
    told = [];
    const steps = {
      slow: () => told.push('slow'),
      lost: () => told.push('lost'),
      stuck: () => told.push('stuck'),
    };
    liveness = new Liveness(steps, { slowMs: 100, lostMs: 500, stuckMs: 50 }, () => now);
  });
  const after = (milliseconds: number): string[] => {
    now += milliseconds;
    liveness.look();
    return told;
  };

  it('tells once that it takes long, and in the end that nothing came', () => {
    liveness.asked();
    expect(after(99)).toEqual([]);
    expect(after(1)).toEqual(['slow']);
    expect(after(200)).toEqual(['slow']);
    expect(after(200)).toEqual(['slow', 'lost']);
    expect(liveness.owed).toBe(false);
    expect(after(1000)).toEqual(['slow', 'lost']);
  });

  it('is content once the answer is heard', () => {
    liveness.asked();
    liveness.answered();
    expect(after(1000)).toEqual([]);
  });

  it('starts the voice anew where there is text and no sound', () => {
    liveness.asked();
    liveness.muted(true);
    expect(after(49)).toEqual([]);
    liveness.muted(true);
    expect(after(1)).toEqual(['stuck']);
    liveness.muted(false);
    expect(after(40)).toEqual(['stuck']);
  });
});
