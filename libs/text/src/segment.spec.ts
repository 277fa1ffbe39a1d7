import fc from 'fast-check';
import { queryTerms, segment, wordMatcher } from './segment.ts';
import { toTsquery, toTsvector } from './tsvector.ts';

const termsOf = (text: string): string[] => segment(text).map(({ term }) => term);

/** What the tsquery of the query means, over the terms of the text. */
const finds = (text: string, query: string): boolean => {
  const terms = new Set(termsOf(text));
  const words = queryTerms(query);
  return (
    words.length > 0 &&
    words.every(({ alternatives, isPrefix }) =>
      alternatives.some((all) =>
        all.every((term) => (isPrefix ? [...terms].some((one) => one.startsWith(term)) : terms.has(term))),
      ),
    )
  );
};

describe('segment', () => {
  it.each([
    ['German', 'Grüße aus Köln', ['grusse', 'gruesse', 'aus', 'koln', 'koeln']],
    ['Russian', 'Ещё раз', ['еще', 'раз']],
    ['Greek', 'Καλημέρα κόσμε', ['καλημερα', 'κοσμε']],
    ['Hebrew', 'שלום עולם', ['שלום', 'עולם']],
    ['Arabic', 'الكتاب الجديد', ['الكتاب', 'الجديد']],
    ['Hindi', 'नई किताब', ['नई', 'किताब']],
    ['Tamil', 'நல்ல நாள்', ['நல்ல', 'நாள்']],
    ['Armenian', 'Բարեւ', ['բարեւ']],
    ['Georgian', 'გამარჯობა', ['გამარჯობა']],
    ['Amharic', 'ሰላም፡ዓለም', ['ሰላም', 'ዓለም']],
    ['Chinese', '退款政策', ['退款', '款政', '政策', '策']],
    ['Japanese', '東京タワー', ['東京', '京タ', 'タワ', 'ワー', 'ー']],
    ['Korean', '환불 정책', ['환불', '불', '정책', '책']],
    ['Thai', 'ขอเงินคืน', ['ขอ', 'เงิน', 'คืน']],
    ['mixed scripts', 'iPad版2と', ['ipad', 'i', 'pad', '版', '2', 'と']],
    ['rare Han', '𠮷野家', ['𠮷野', '野家', '家']],
  ])('finds the words of %s', (_what, text, expected) => {
    expect(termsOf(text)).toEqual(expected.map((term) => term.normalize('NFC')));
  });

  it.each([
    ['ລາວ', 'ຂ້ອຍຮັກເຈົ້າ', 'ຮັກ'],
    ['Khmer', 'ខ្ញុំស្រលាញ់អ្នក', 'ស្រលាញ់'],
    ['Burmese', 'မြန်မာစကား', 'စကား'],
  ])('splits %s by its dictionary', (_what, text, word) => {
    expect(termsOf(text).length).toBeGreaterThan(1);
    expect(finds(text, word)).toBe(true);
  });

  it.each([
    [
      'CVE-2026-31337',
      ['cve-2026-31337', 'cve', '2026', '31337'],
      ['CVE-2026-3133', '3133', 'CVE-2026-31338'],
    ],
    ['Order 4711-0815', ['4711-0815', '4711', '0815'], ['4711-0816', '815', '08155', '711']],
    ['v1.2.3', ['v1.2.3', '1.2.3'], ['1.2.30', '1.2.4']],
    ['mail anna.b@example.com', ['anna.b@example.com', 'example.com', 'anna'], ['anna.b@example.org']],
    [
      'https://docs.example.com/a/b',
      ['https://docs.example.com/a/b', 'docs'],
      ['https://docs.example.com/a/c'],
    ],
    [
      'call +49 170 1234567',
      ['+491701234567', '0170 1234567', '1234567', '+49 (170) 123-4567'],
      ['+491701234568', '2234567'],
    ],
    ['+91 98765 43210', ['9876543210', '+919876543210', '098765 43210'], ['9876543211']],
    ['Call (555) 010-9999', ['5550109999', '555-010-9999', '+1 555 010 9999'], ['(555) 010-9998']],
    ['010-1234-5678로', ['+82 10 1234 5678', '01012345678'], ['010-1234-5679']],
    ['电话+86 138 0013 8000。', ['13800138000', '+8613800138000'], ['13800138001']],
    ['Tel: 030 / 12 34 567', ['030 1234567', '+49 30 1234567', '0301234567'], ['030 1234568']],
    ['06.12.34.56.78', ['+33 6 12 34 56 78', '0612345678'], ['06.12.34.56.79']],
    ['on 01.02.2026', ['01.02.2026', '2026'], ['022026']],
    ['ISBN 978-3-16-148410-0', ['9783161484100', '148410'], ['9783161484101']],
    ['ISBN 9783161484100', ['978-3-16-148410-0'], ['978-3-16-148410-1']],
    ['订单号AB-4711已发货', ['AB-4711', '4711', '发货'], ['AB-471', 'AB-47']],
    ['max_connections', ['max_connections', 'connections'], ['min_connections']],
    ['parseHttpRequest()', ['parseHttpRequest', 'http', 'request'], ['parseHttpResponse']],
    ['ticket #4711', ['#4711', '4711'], ['#4712', '#47']],
    ['AB/12-34', ['AB/12-34', 'ab', '12', '34'], ['AB/12-35']],
    ['DE89 3704 0044 0532 0130 00', ['DE89370400440532013000', '3704'], ['DE89370400440532013001']],
    ['DE89370400440532013000', ['DE89 3704 0044 0532 0130 00'], ['DE89 3704 0044 0532 0130 01']],
    ['C++ and C#', ['C++', 'c#'], ['D++', 'D#']],
    ['Bestellung ４７１１', ['4711', '٤٧١١', '४७११'], ['4712']],
    ['E-Mail', ['email', 'e-mail', 'mail'], ['gmail']],
    ['don’t', ["don't", 'dont'], ['wont']],
  ])('finds %s whole and by its parts, and no neighbour of it', (text, found, others) => {
    for (const query of [text, ...found])
      expect({ query, found: finds(text, query) }).toEqual({ query, found: true });
    for (const query of others) expect({ query, found: finds(text, query) }).toEqual({ query, found: false });
  });

  it.each([
    ['Müller', ['muller', 'mueller', 'MÜLLER']],
    ['Mueller', ['müller', 'mueller']],
    ['東京都庁', ['東京', '都庁', '京都庁', '庁', '京', '東']],
    ['الكِتاب', ['الكتاب']],
    ['ร้านคืนเงินให้ลูกค้า', ['คืนเงิน', 'เงินลูกค้า']],
    ['กรุงเทพฯ', ['กรุงเทพ']],
    ['เร็วๆ นี้', ['เร็ว']],
    ['เเม่น้ำ', ['แม่น้ำ']],
    ['so\u00adft\u200bware', ['software']],
    ['software', ['soft\u00adware']],
    ['👍🏽 great', ['👍']],
  ])('finds %s in other spellings', (text, queries) => {
    for (const query of queries) expect({ query, found: finds(text, query) }).toEqual({ query, found: true });
  });

  it('finds by one letter what begins with it', () => {
    expect(finds('search words', 's')).toBe(true);
    expect(finds('search words', 'e')).toBe(false);
    expect(finds('vitamin c', 'vitamin s')).toBe(false);
    expect(finds('vitamin supplements', 'vitamin s')).toBe(false);
  });

  it('keeps words of any length', () => {
    const word = `${'x'.repeat(63)}${'🎉y'.repeat(3)}${'z'.repeat(500)}`;
    expect(finds(`a ${word} b`, word)).toBe(true);
    expect(finds(`a ${word} b`, `${word}z`)).toBe(false);
    expect(Math.max(...termsOf(word).map((term) => term.length))).toBeLessThanOrEqual(64);
  });

  it('counts positions by words', () => {
    expect(segment('a 4711-0815 b').map(({ term, position }) => `${term}@${position}`)).toEqual([
      ...['a@1', '4711-0815@2', '47110815@2', '4711@2', '0815@3', 'b@4'],
    ]);
  });

  it('finds every text by itself', () => {
    const letters = fc.stringMatching(/^[a-zA-Zäöüßéøя0-9東京한ก@_.:/ -]{1,40}$/u);
    fc.assert(
      fc.property(letters, (text) => {
        fc.pre(segment(text).length > 0);
        expect(finds(text, text)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    'a',
    '東',
    'ก',
    '0 1',
    'a-',
    '+0',
    'Aa',
    '\u00ad\u200d',
    '👩🏽‍🚀',
    'a.b@',
    '_',
    '1.',
    '가',
    "'",
    'é',
  ])('takes time in proportion to the length of %s repeated', (unit) => {
    const started = performance.now();
    segment(unit.repeat(100_000 / unit.length));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('wordMatcher', () => {
  it.each([
    ['Ich möchte eine Rückgabe', 'rueckgabe', true],
    ['je voudrais être remboursé', 'rembourse', true],
    ['मुझे रिफंड चाहिए', 'रिफंड', true],
    ['मुझे रिफंड चाहिए', 'रिफ', false],
    ['请给我退款', '退款', true],
    ['はい、お願いします', 'はい', true],
    ['환불해 주세요', '환불', true],
    ['إلغاء الطلب', 'الغاء', true],
    ['press 1', '1', true],
    ['press 12', '1', false],
    ['just yes', 'j', false],
    ['agent please', 'please agent', true],
    ['agent', 'please agent', false],
    ['anything', '?!', false],
  ])('of %s finds %s: %s', (text, phrase, expected) => {
    expect(wordMatcher(text)(phrase)).toBe(expected);
  });
});

describe('toTsvector and toTsquery', () => {
  it('write terms as PostgreSQL reads them', () => {
    expect(toTsvector(segment("don't a\\b don't"))).toBe(
      `'dont':1,5 'don':1,5 't':2,6 'a\\\\b':3 'a':3 'b':4`,
    );
    expect(toTsquery(queryTerms("l'été 東"))).toBe("((('lete') | ('l' & 'ete')) & (('東':*))".slice(1));
  });

  it('stay within the limits of PostgreSQL', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({ term: 'again', position: index * 40 + 1 }));
    expect(toTsvector(many).split(',')).toHaveLength(255);
    expect(toTsvector([{ term: 'late', position: 99_999 }])).toBe("'late':16383");
    expect(toTsvector([{ term: 'x'.repeat(2047) }, { term: 'é'.repeat(1024) }, { term: 'kept' }])).toBe(
      "'kept'",
    );
    const huge = Array.from({ length: 200_000 }, (_, index) => ({ term: `term${index}`, position: 1 }));
    expect(toTsvector(huge).length).toBeLessThan(2_000_000);
  });

  it('have no query for text without words', () => {
    expect(toTsquery(queryTerms(' ?! … '))).toBeNull();
  });
});
