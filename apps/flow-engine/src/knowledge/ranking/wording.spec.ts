import type { Concept } from './types.ts';
import { createDefinitionTest, createRunMeasure } from './wording.ts';

describe('a definition', () => {
  test.each([
    ['What is Parley?', 'Parley is a self-hosted, open conversation platform.'],
    ['Hello, what’s Parley exactly?', 'Parley is a self-hosted, open conversation platform.'],
    ['what are flows', 'A flow is a graph of steps.'],
    ['What does projection mean?', 'A projection is the copy of data of another service.'],
    ['Was ist ein Kanal?', 'Ein Kanal ist der Weg zu einem Agenten.'],
    ['¿Qué es Parley?', 'Parley es una plataforma.'],
    ['Qu’est-ce que Parley ?', 'Parley est une plateforme.'],
    ['Parley क्या है?', 'Parley एक मंच है।'],
    ['ما هو Parley؟', 'Parley هو منصة.'],
  ])('%s is answered by: %s', (question, sentence) => {
    expect(createDefinitionTest(question)(sentence)).toBe(true);
  });

  test.each([
    'To install Parley on Kubernetes, build the images.',
    'Parley is ready.',
    'Parley calls is a table.',
    'The address of Parley is a setting.',
  ])('is not: %s', (sentence) => {
    expect(createDefinitionTest('What is Parley?')(sentence)).toBe(false);
  });

  test.each(['How do I add a channel?', 'What is the price of a lamp, and is it in stock?', 'Parley'])(
    'is not asked for by: %s',
    (question) => {
      expect(createDefinitionTest(question)('Parley is a platform.')).toBe(false);
    },
  );
});

describe('a run of the words of a question', () => {
  const concept = (word: string): Concept => ({
    ...{ word, forms: [{ lexeme: word, weight: 1 }], weight: 1, idf: 3, known: true },
    ...{ fromContext: false, isExact: false },
  });
  const measure = createRunMeasure('What happens to an event that fails again and again?', [
    concept('event'),
    concept('fails'),
  ]);

  test('counts its stop words, by its share of the question', () => {
    expect(measure('An event or task that FAILS again, and again is parked.')).toBeCloseTo(0.5);
  });

  test('counts nothing in a question', () => {
    const question = 'How do I add a channel?';
    const text = '"suggestedQuestions": ["How do I add a channel?"], "customTheme": {}';
    expect(createRunMeasure(question, [concept('channel')])(text)).toBe(0);
    expect(createRunMeasure(question, [concept('channel')])('This is how do I add a channel.')).toBe(1);
  });

  test('counts nothing where it is short or without a subject', () => {
    expect(measure('An event fails, and again it does.')).toBe(0);
    expect(createRunMeasure('What happens to an event?', [concept('x')])('what happens to an')).toBe(0);
  });
});
