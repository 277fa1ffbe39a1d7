import { checkAnswers, type Heard, type Question } from './answers.ts';

const question = (id: string, sender = 'ann'): Question => ({ id, sender, isAnswer: (text) => text === id });
const heard = (inReplyTo: string | null, text = inReplyTo ?? 'Hello', sender = 'ann'): Heard => ({
  at: 0,
  inReplyTo,
  sender,
  text,
});
const none = { missing: 0, repeated: 0, wrong: 0, disordered: 0 };

describe('answers', () => {
  const questions = [question('a'), question('b'), question('c', 'bob')];

  it('are right when each message is answered once, in the order of its sender; greetings do not count', () => {
    const all = [heard(null), heard('c', 'c', 'bob'), heard('a'), heard('b'), heard('earlier run')];
    expect(checkAnswers(questions, all)).toEqual(none);
  });

  it('are wrong when one is missing, comes twice, says something else, goes to another, or comes too early', () => {
    expect(checkAnswers(questions, [heard('a'), heard('b')])).toEqual({ ...none, missing: 1 });
    const all = [heard('a'), heard('b'), heard('c', 'c', 'bob')];
    expect(checkAnswers(questions, [...all, heard('b')])).toEqual({ ...none, repeated: 1 });
    expect(checkAnswers(questions, [heard('a', 'x'), ...all.slice(1)])).toEqual({ ...none, wrong: 1 });
    expect(checkAnswers(questions, [...all.slice(0, 2), heard('c')])).toEqual({ ...none, wrong: 1 });
    expect(checkAnswers(questions, [heard('b'), heard('a'), ...all.slice(2)])).toEqual({
      ...none,
      disordered: 1,
    });
  });
});
