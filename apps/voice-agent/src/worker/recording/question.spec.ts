import { Question } from './question.ts';

const said = async (): Promise<void> => undefined;

describe('The question whether a call may be recorded', () => {
  it.each([
    ['a yes', (question: Question) => question.heard('Yes, please.'), true, true],
    ['a yes in another language', (question: Question) => question.heard('हाँ जी।'), true, true],
    ['a no', (question: Question) => question.heard('No.'), false, true],
    [
      'something else, which is to be answered',
      (question: Question) => question.heard('What do you cost?'),
      false,
      false,
    ],
    ['the key 1', (question: Question) => question.pressed('1'), true, true],
    ['another key', (question: Question) => question.pressed('2'), false, true],
  ])('is answered by %s', async (_what, answer, agreed, taken) => {
    const question = new Question();
    const asked = question.ask(said);
    expect(answer(question)).toBe(taken);
    expect(await asked).toBe(agreed);
    expect([question.heard('Yes.'), question.pressed('1')]).toEqual([false, false]);
  });

  it('is answered while it is being said, too', async () => {
    const question = new Question();
    const asked = question.ask(() => new Promise(() => undefined));
    question.pressed('1');
    expect(await asked).toBe(true);
  });

  it('is not agreed to by silence, and nothing counts before it is asked', async () => {
    const question = new Question(20);
    expect(question.heard('Yes.')).toBe(false);
    expect(await question.ask(said)).toBe(false);
    expect(question.pressed('1')).toBe(false);
  });
});
