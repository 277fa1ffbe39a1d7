import { noise, synthesize } from '../audio.ts';
import { SpeechRecogniser } from './speech-recogniser.ts';
import { documentationSentences } from './sentences.ts';

const RATE = 16_000;
const COUNT = 20;

describe('The ear of tests', () => {
  const [said, unsaid] = split(documentationSentences(COUNT + 5));
  let hearing: SpeechRecogniser;

  beforeAll(() => {
    hearing = new SpeechRecogniser();
  });
  afterAll(() => hearing.close());

  const speak = (text: string): Promise<Int16Array> => synthesize(text, { sampleRate: RATE });

  it('tells which of twenty sentences was said, nineteen times of twenty', async () => {
    expect(said).toHaveLength(COUNT);
    const wrong: string[] = [];
    for (const text of said)
      if ((await hearing.recognise(await speak(text), RATE, said)) !== text) wrong.push(text);
    expect(wrong.length).toBeLessThanOrEqual(1);
  }, 240_000);

  it('takes no other sound for the text that is expected', async () => {
    expect(unsaid.length).toBeGreaterThanOrEqual(4);
    const sounds = [noise(3000, RATE, { level: 2500 })];
    for (const text of unsaid) sounds.push(await speak(text));
    const taken: (string | null)[] = [];
    for (const sound of sounds) taken.push(await hearing.recognise(sound, RATE, said));
    expect(taken).toEqual(sounds.map(() => null));
    // Not even where nothing else is expected.
    const [first = '', second = ''] = said;
    const sound = await speak(second);
    expect(await hearing.recognise(sound, RATE, [first])).toBeNull();
    expect(await hearing.recognise(sound.slice(0, sound.length / 3), RATE, [first])).toBeNull();
  }, 240_000);
});

function split(all: string[]): [string[], string[]] {
  return [all.slice(0, COUNT), all.slice(COUNT)];
}
