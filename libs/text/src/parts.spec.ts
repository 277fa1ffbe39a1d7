import fc from 'fast-check';
import { type PartQuery, partQueries, partTerms, phraseQuery, textWords } from './parts.ts';

const byTerms = (terms: ReadonlySet<string>, { alternatives }: PartQuery): boolean =>
  alternatives.some((all) =>
    all.every(({ term, isPrefix }) =>
      isPrefix ? [...terms].some((one) => one.startsWith(term)) : terms.has(term),
    ),
  );

/** As a search does it: terms first, then a look at the text. */
const finds = (text: string, queries: readonly PartQuery[]): boolean => {
  const terms = new Set(partTerms(text));
  const words = textWords(text);
  return (
    queries.length > 0 &&
    queries.every((query) => byTerms(terms, query) && (query.isExact || query.holds(words)))
  );
};
const findsText = (text: string, query: string): boolean => finds(text, partQueries(query));

describe('parts of words', () => {
  it.each([
    ['Latin', 'Rückerstattung', ['erstatt', 'rueck', 'ruck', 'tung', 'ung'], ['erstattet', 'ru c']],
    ['Cyrillic', 'перевозчик', ['возчик', 'пере', 'воз'], ['возчиг']],
    ['Greek', 'επιστροφή', ['στροφη', 'ροφή'], ['στροφα']],
    ['Arabic', 'الكتاب', ['كتاب', 'تاب'], ['كتابة']],
    ['Hebrew', 'והמחשב', ['מחשב'], ['מחשבה']],
    ['Hindi', 'किताबें', ['किताब', 'ताब'], ['कताब']],
    ['Tamil', 'புத்தகங்கள்', ['புத்தக'], ['புதிய']],
    ['Thai', 'ตลาดน้ำ', ['ตลาด', 'น้ำ', 'ลาดน้'], ['ตลก']],
    ['Khmer', 'ខ្ញុំស្រលាញ់អ្នក', ['ស្រលាញ់'], ['ស្រឡាញ់']],
    ['Chinese', '退款政策说明', ['款政', '政策说', '策', '明'], ['政说', '款策']],
    ['Japanese', '東京タワーへ', ['京タワ', 'タワー'], ['東タ', 'タワン']],
    ['Korean', '환불정책안내', ['정책', '불정책'], ['환정']],
  ])('are found in %s', (_what, text, found, others) => {
    for (const query of [text, ...found])
      expect({ query, found: findsText(text, query) }).toEqual({ query, found: true });
    for (const query of others)
      expect({ query, found: findsText(text, query) }).toEqual({ query, found: false });
  });

  it.each([
    ['Order 4711-0815 sent', ['0815', '4711', '4711-0815'], ['815', '4711-0816', '711-0815', '08155']],
    ['see X-4711-0815-9', ['4711-0815'], ['711-0815', '4711-081']],
    ['see 14711-0815 and 4711', ['14711-0815'], ['4711-0815']],
    ['订单号AB-4711已发货', ['AB-4711', '订单号', '发货'], ['B-4711', 'AB-471']],
    ['AB-12とXY-34です', ['XY-34', 'ab-12'], ['AB-34', 'XY-12']],
    ['문의 AB-4711은', ['ab-4711'], ['ab-471']],
    ['ISBN 978-3-16-148410-0', ['9783161484100', '978-3-16-148410-0'], ['978316148410', '978-3-16-148410-1']],
    ['ISBN 9783161484100', ['978-3-16-148410-0'], ['978-3-16-148410-1']],
    ['CVE-2026-31337', ['31337', 'cve-2026-31337', '2026'], ['CVE-2026-3133', '3133']],
    [
      'from anna.b@example.com',
      ['anna.b@example.com', 'example.com', 'nna'],
      ['b@example.com', 'anna.b@example.co'],
    ],
    ['mailto:b@example.com', ['b@example.com'], ['b@example.com.au']],
    ['+491701234567', ['0170 1234567', '1234567', '(0170) 123 45 67'], ['234568', '0171 1234567']],
    ['at 0170/1234567', ['+49 170 1234567'], ['+49 171 1234567']],
    ['+91 98765 43210', ['9876543210', '098765 43210', '+919876543210'], ['+91 88765 43210', '8876543210']],
    ['call 9876543210 now', ['+91 98765 43210'], ['+91 88765 43210', '+91 98765 4321']],
    ['(555) 010-9999', ['5550109999', '+1 555 010 9999', '555-010-9999'], ['+1 655 010 9999', '555-010-999']],
    ['+49 (0)170 1234567', ['0170 1234567', '+491701234567'], ['+49 171 1234567']],
    ['+33 6 12 34 56 78', ['06 12 34 56 78', '612345678'], ['07 12 34 56 78', '+34 6 12 34 56 78']],
    ['v10.4.2', ['10.4.2', 'v10.4.2'], ['10.4.20', '10.4.1']],
    ['version 10.4.2', ['10.4.2', '10.4'], ['0.4.2', '10.4.20']],
    ['max_connections', ['max_connections', 'connect'], ['max_connection_s']],
    ['sku AB12CD', ['ab12cd', 'AB'], ['b12c', 'ab12']],
  ])('of numbers and identifiers are those between their connectors: %s', (text, found, others) => {
    for (const query of found)
      expect({ query, found: findsText(text, query) }).toEqual({ query, found: true });
    for (const query of others)
      expect({ query, found: findsText(text, query) }).toEqual({ query, found: false });
  });

  it('shorter than three letters are the beginnings of words', () => {
    expect(findsText('Order sent', 'or')).toBe(true);
    expect(findsText('Order sent', 's')).toBe(true);
    expect(findsText('Order sent', 'rd')).toBe(false);
  });

  it('that stand apart do not make a word', () => {
    expect(findsText('abcd then bcde', 'abcde')).toBe(false);
    expect(findsText('東京 京都', '東京都')).toBe(false);
  });

  it('in quotes stand behind one another', () => {
    const phrase = (text: string, words: string): boolean => {
      const query = phraseQuery(words);
      return query !== null && finds(text, [query]);
    };
    expect(phrase('Please send it back, soon', 'send it back')).toBe(true);
    expect(phrase('Please send back it', 'send it back')).toBe(false);
    expect(phrase('Please resend it back', 'send it back')).toBe(false);
    expect(phrase('Herr Müller kam', 'herr mueller')).toBe(true);
    expect(phrase('東京都庁', '京都')).toBe(true);
    expect(phraseQuery('…')).toBeNull();
  });

  it('are found wherever they begin and end, if they have three letters', () => {
    const word = fc.oneof(
      ...['[a-zä]', '[а-я]', '[東京한글]', '[ก-ฮ]'].map((letter) =>
        fc.stringMatching(new RegExp(`^${letter}{3,30}$`, 'u')),
      ),
    );
    fc.assert(
      fc.property(word, fc.nat(), fc.integer({ min: 3, max: 12 }), (text, from, length) => {
        const letters = [...text];
        const part = letters.slice(from % letters.length, (from % letters.length) + length).join('');
        fc.pre([...part].length >= 3);
        expect(findsText(`x ${text} y`, part)).toBe(true);
      }),
    );
  });
});
