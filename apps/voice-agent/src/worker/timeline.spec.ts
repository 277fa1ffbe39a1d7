import fc from 'fast-check';
import { Timeline } from './timeline.ts';

describe('Timeline', () => {
  it('knows the word by the times the voice gave', () => {
    const timeline = new Timeline();
    timeline.begin('One two three. ');
    timeline.sound(900, [
      { text: 'One', endMs: 300 },
      { text: 'two', endMs: 600 },
      { text: 'three', endMs: 900 },
    ]);
    timeline.end();
    timeline.begin('Four five.');
    timeline.sound(500, [{ text: 'Four', endMs: 250 }]);
    expect(timeline.textAt(0)).toBe('');
    expect(timeline.textAt(650)).toBe('One two');
    expect(timeline.textAt(1000)).toBe('One two three.');
    expect(timeline.textAt(1200)).toBe('One two three. Four');
  });

  it('takes each letter as equally long where the voice gave no times', () => {
    const timeline = new Timeline();
    timeline.begin('aaaa bbbb cccc dddd');
    timeline.sound(1900);
    timeline.end();
    expect(timeline.textAt(1000)).toBe('aaaa bbbb');
    expect(timeline.textAt(1900)).toBe('aaaa bbbb cccc dddd');
  });

  it('cuts between words where no spaces are written', () => {
    const timeline = new Timeline();
    timeline.begin('ภาษาไทยไม่มีช่องว่าง');
    timeline.sound(2000);
    timeline.end();
    expect(timeline.textAt(800)).toBe('ภาษา' + 'ไทย');
  });

  it('answers a prefix that grows with time', () => {
    const sentence = fc.record({ text: fc.string({ minLength: 1 }), ms: fc.integer({ min: 1, max: 3000 }) });
    fc.assert(
      fc.property(fc.array(sentence, { maxLength: 6 }), fc.nat(9000), fc.nat(9000), (sentences, a, b) => {
        const timeline = new Timeline();
        for (const { text, ms } of sentences) {
          timeline.begin(text);
          timeline.sound(ms);
          timeline.end();
        }
        const [early, late] = [timeline.textAt(Math.min(a, b)), timeline.textAt(Math.max(a, b))];
        expect(timeline.text.startsWith(late)).toBe(true);
        expect(late.startsWith(early)).toBe(true);
      }),
    );
  });
});
