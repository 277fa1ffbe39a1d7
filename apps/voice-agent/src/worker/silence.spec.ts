import { jest } from '@jest/globals';
import { Silence } from './silence.ts';

describe('Silence', () => {
  let told: string[];
  let silence: Silence;
  beforeEach(() => {
    jest.useFakeTimers();
    told = [];
    silence = new Silence(1000, { prompt: () => told.push('prompt'), giveUp: () => told.push('end') });
  });
  afterEach(() => {
    silence.stop();
    jest.useRealTimers();
  });

  it('asks, and ends the call when nothing comes', () => {
    silence.quiet();
    jest.advanceTimersByTime(999);
    expect(told).toEqual([]);
    jest.advanceTimersByTime(1);
    silence.busy();
    silence.quiet();
    silence.quiet();
    jest.advanceTimersByTime(1000);
    expect(told).toEqual(['prompt', 'end']);
  });

  it('begins anew whenever the caller is heard', () => {
    silence.quiet();
    jest.advanceTimersByTime(1000);
    silence.heard();
    jest.advanceTimersByTime(1000);
    expect(told).toEqual(['prompt', 'prompt']);
  });

  it('waits while somebody speaks', () => {
    silence.quiet();
    silence.busy();
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  });

  it('says nothing once it is stopped', () => {
    silence.stop();
    silence.quiet();
    jest.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  });
});
