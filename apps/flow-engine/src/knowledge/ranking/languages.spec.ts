import { languagesIn, latinLanguageOf, stemmable, stemmersOf } from './languages.ts';
import { wordsOf } from './tokens.ts';

test.each([
  ['The parcel arrives within two days, and you can return it.', 'english'],
  ['Das Paket kommt in zwei Tagen, und Sie können es zurückgeben.', 'german'],
  ['Le colis arrive dans deux jours et vous pouvez le rendre.', 'french'],
  ['El paquete llega en dos días y puede devolverlo sin coste.', 'spanish'],
  ['Het pakket komt binnen twee dagen en u kunt het terugsturen.', 'dutch'],
  ['Paket iki gün içinde gelir ve geri gönderilebilir, bu çok kolay.', 'turkish'],
  ['xyzzy plugh 4711', null],
])('"%s" is %s', (text, language) => {
  expect(latinLanguageOf(wordsOf(text))).toBe(language);
});

test('a short or doubtful passage is of the language of its document', () => {
  expect(latinLanguageOf(wordsOf('Kiste 200'), 'german')).toBe('german');
  expect(latinLanguageOf(wordsOf('SELECT * FROM o AS a, e AS de'), 'english')).toBe('english');
  const passage = 'Der Laden ist am Montag nicht offen, und wir haben auch am Sonntag keine Zeit für Sie.';
  expect(latinLanguageOf(wordsOf(passage), 'english')).toBe('german');
});

test('a word is stemmed in each Latin language of the corpus, or in the language of its script', () => {
  expect(stemmersOf('rechnung', ['english', 'german'])).toEqual(['english', 'german']);
  expect(stemmersOf('वारंटी', ['german'])).toEqual(['hindi']);
  expect(stemmersOf('الضمان', ['german'])).toEqual(['arabic']);
  expect(stemmersOf('שלום', ['german'])).toEqual([]);
  expect(languagesIn(['english german', 'english'])).toEqual(['english', 'german']);
});

test.each([
  ['german', ['ruckgabe', 'rueckgabe']],
  ['german', ['offnung', 'oeffnung']],
  ['spanish', ['reservacion', 'reservación']],
  ['hindi', ['हिंदी', 'हिन्दी']],
  ['hindi', ['मुफ़्त', 'मुफ्त']],
  ['arabic', ['ضمان', 'الضمان', 'والضمان']],
])('spellings of %s are one: %j', (stemmer, words) => {
  expect(new Set(words.map((word) => stemmable(word, stemmer))).size).toBe(1);
});
