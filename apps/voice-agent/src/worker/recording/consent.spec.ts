import { answerOf, answersToHear } from './consent.ts';

test.each([
  ['Yes.', 'en', 'yes'],
  ['Yes, please!', 'en-US', 'yes'],
  ['No, thank you.', 'en', 'no'],
  ['Yes, but first tell me what it costs.', 'en', null],
  ['Ja, gerne.', 'de-AT', 'yes'],
  ['¡Sí!', 'es', 'yes'],
  ['D’accord.', 'fr', 'yes'],
  ['No.', null, 'no'],
  ['', 'en', null],
])('%s (%s) means %s', (text, language, meaning) => {
  expect(answerOf(text, language)).toBe(meaning);
});

test('what is to be heard are answers', () => {
  for (const language of ['en', 'de', 'es', 'fr', 'pt'])
    for (const text of answersToHear(language)) expect(answerOf(text, language)).not.toBeNull();
});
