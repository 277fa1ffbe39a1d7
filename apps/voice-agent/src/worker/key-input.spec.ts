import { jest } from '@jest/globals';
import { KeyInput } from './key-input.ts';

describe('Keys that a caller presses', () => {
  let typed: string[];
  let input: KeyInput;

  beforeEach(() => {
    jest.useFakeTimers();
    typed = [];
    input = new KeyInput((keys) => typed.push(keys));
  });
  afterEach(() => jest.useRealTimers());

  const press = (keys: string): void => {
    for (const key of keys) input.press(key);
  };

  it('are one input until none comes for two seconds', () => {
    press('12');
    jest.advanceTimersByTime(1900);
    press('3');
    jest.advanceTimersByTime(1900);
    expect(typed).toEqual([]);
    expect(input.isTyping).toBe(true);
    jest.advanceTimersByTime(100);
    expect(typed).toEqual(['123']);
    expect(input.isTyping).toBe(false);
  });

  it('end at once with #, which is not part of them; alone it is', () => {
    press('42#');
    expect(typed).toEqual(['42']);
    press('#*5');
    expect(typed).toEqual(['42', '#']);
    jest.advanceTimersByTime(2000);
    expect(typed).toEqual(['42', '#', '*5']);
    jest.advanceTimersByTime(10_000);
    expect(typed).toHaveLength(3);
  });

  it('are bounded', () => {
    press('1'.repeat(65));
    expect(typed).toEqual(['1'.repeat(64)]);
  });
});
