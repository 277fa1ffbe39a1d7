import { Composition } from './composition.ts';

type Step =
  | 'start'
  | 'end'
  | 'up'
  | { key: string; keyCode: number; isComposing?: boolean; afterMs?: number };

const enter = { key: 'Enter', keyCode: 13 };
const taken = { key: 'Enter', keyCode: 229 };

/** Plays events a millisecond apart, and tells for each keydown whether the input method has it. */
function play(steps: Step[], isTouch = false): boolean[] {
  const composition = new Composition();
  const found: boolean[] = [];
  let timeStamp = 1000;
  for (const step of steps) {
    timeStamp += 1;
    if (step === 'start') composition.start();
    else if (step === 'end') composition.end({ timeStamp });
    else if (step === 'up') composition.keyUp();
    else {
      timeStamp += step.afterMs ?? 0;
      found.push(composition.takes({ isComposing: false, timeStamp, ...step }, isTouch));
    }
  }
  return found;
}

describe('Enter', () => {
  it.each<[string, Step[], boolean[]]>([
    ['sends where nothing is composed', [enter, 'up', enter], [false, false]],
    [
      'confirms in Chrome and Firefox, then sends',
      ['start', { ...taken, isComposing: true }, 'end', 'up', enter],
      [true, false],
    ],
    ['confirms in Safari, then sends', ['start', 'end', taken, 'up', enter], [true, false]],
    [
      'confirms behind the end of a composition without a key code',
      ['start', 'end', { ...enter, keyCode: 0 }],
      [true],
    ],
    [
      // A Hangul syllable is confirmed and the line is sent by one stroke: the browser reports the key twice.
      'confirms and sends in one stroke in Chrome with Hangul',
      ['start', { ...taken, isComposing: true }, 'end', enter],
      [true, false],
    ],
    [
      'sends after a candidate was chosen by a number',
      ['start', { key: '1', keyCode: 229, isComposing: true }, 'end', 'up', enter],
      [true, false],
    ],
    [
      'sends after a candidate was chosen by the mouse',
      ['start', 'end', { ...enter, afterMs: 400 }],
      [false],
    ],
    ['belongs to a composition that began behind another', ['start', 'end', 'start', taken], [true]],
  ])('%s', (_what, steps, expected) => {
    expect(play(steps)).toEqual(expected);
  });

  it('sends at once from a keyboard on the screen, which ends the composition itself', () => {
    expect(play(['start', 'end', enter], true)).toEqual([false]);
    expect(play(['start', 'end', taken], true)).toEqual([true]);
  });
});
