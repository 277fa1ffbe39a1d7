import fc from 'fast-check';
import { cleanText, foldForSearch, foldVariants, holdsText } from './normalise.ts';

describe('cleanText', () => {
  it.each([
    ['soft hyphens', 'Donau\u00addampf\u00adschiff', 'Donaudampfschiff'],
    ['zero-width spaces and word joiners', 'para\u200bmeter\u2060s', 'parameters'],
    ['a byte order mark', '\ufeffTitle', 'Title'],
    ['overrides of the direction', 'invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['joiners in Latin words', 'key\u200dboard\u200c', 'keyboard'],
    ['tags that hide text', 'hi\u{e0048}\u{e0065}\u{e0079} there', 'hi there'],
    ['control characters', 'a\u0000b\u001bc\nd\te', 'abc\nd\te'],
    ['half a surrogate pair', 'a\ud83db', 'a\ufffdb'],
    ['letters with marks apart', 'Cafe\u0301', 'Café'],
  ])('removes %s', (_what, text, expected) => {
    expect(cleanText(text)).toBe(expected);
  });

  it.each([
    ['Persian', 'می\u200cخواهم'],
    ['Hindi', 'क्\u200dष'],
    ['Sinhala', 'ශ්\u200dරී'],
    ['a family', '👨\u200d👩\u200d👧'],
    ['a skin tone joined to a rocket', '👩🏽\u200d🚀'],
    ['a heart on fire', '❤️\u200d🔥'],
    ['the flag of Scotland', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['marks of direction', 'שלום\u200f, C\u200e'],
    ['line ends', 'a\r\nb\u2028c'],
  ])('keeps what shapes %s', (_what, text) => {
    expect(cleanText(text)).toBe(text.normalize('NFC'));
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(cleanText(cleanText(text))).toBe(cleanText(text));
      }),
    );
  });
});

describe('foldForSearch', () => {
  it.each([
    ['Latin', 'Crème BRÛLÉE', 'creme brulee'],
    ['German', 'STRAẞE', 'strasse'],
    ['Polish', 'Łódź', 'lodz'],
    ['Vietnamese', 'Đường phố', 'duong pho'],
    ['Turkish', 'İSTANBUL ışık', 'istanbul isik'],
    ['Icelandic', 'Þórður', 'thordur'],
    ['Greek', 'ΟΔΟΣ ὁδός', 'οδοσ οδοσ'],
    ['Cyrillic', 'Ёлка', 'елка'],
    ['Hebrew with points', 'שָׁלוֹם', 'שלום'],
    ['Arabic with vowel signs and tatweel', 'مُحَمَّـــد', 'محمد'],
    ['Arabic alef', 'أحمد', 'احمد'],
    ['Persian letters', 'کتابی', 'كتابي'],
    ['Arabic presentation forms', '\ufefb', 'لا'],
    ['Hindi vowel signs', 'हिन्दी', 'हिन्दी'],
    ['Tamil', 'தமிழ்', 'தமிழ்'],
    ['half-width kana', 'ﾊﾞｽ', 'バス'],
    ['kana apart from its voicing mark', 'ハ\u3099ス', 'バス'],
    ['full-width letters and digits', 'ＡＢＣ１２３', 'abc123'],
    ['Hangul in jamo', '\u1112\u1161\u11ab\u1100\u1173\u11af', '한글'],
    ['Thai', 'น้ำ', 'น้ำ'],
    ['digits of other scripts', '१२३ ٤٥٦ ۷۸۹ ๑๒๓ ၁၂', '123 456 789 123 12'],
    ['ligatures', 'oﬃce', 'office'],
    ['invisible characters', 'so\u00adft\u200bwa\u200dre', 'software'],
    ['spaces of all kinds', ' a\u00a0\u2003b\n\tc ', 'a b c'],
    ['dashes and apostrophes', '4711–0815 l’eau', "4711-0815 l'eau"],
  ])('folds %s', (_what, text, expected) => {
    expect(foldForSearch(text)).toBe(expected.normalize('NFC'));
  });

  it('glues no raised digit, fraction or trade mark to what stands before it', () => {
    expect(foldForSearch('10² 2½ Speicher¹ Parley™ №5 25m² CO₂')).toBe(
      '10 2 2 1/2 speicher 1 parley no 5 25m2 co2',
    );
  });

  it('keeps apart what marks tell apart in Indic scripts and kana', () => {
    expect(foldForSearch('कि')).not.toBe(foldForSearch('की'));
    expect(foldForSearch('ハス')).not.toBe(foldForSearch('バス'));
  });

  it('knows both spellings of German and Nordic letters', () => {
    expect(foldVariants('Jürgen Møller')).toEqual(['jurgen moller', 'juergen moeller']);
    expect(foldVariants('Åse')).toEqual(['ase', 'aase']);
    expect(foldVariants('plain')).toEqual(['plain']);
  });
});

describe('holdsText', () => {
  it.each([
    ['Jürgen', 'juergen'],
    ['Juergen', 'JÜRGEN'],
    ['Jurgen', 'jürg'],
    ['Straße', 'STRASS'],
    ['Ελλάδος', 'ΕΛΛΑΔΟΣ'],
    ['any', ''],
  ])('finds in %s what was typed as %s', (text, typed) => {
    expect(holdsText(text, typed)).toBe(true);
  });
  it('does not find another word', () => {
    expect(holdsText('Jürgen', 'jorgen')).toBe(false);
  });
});
