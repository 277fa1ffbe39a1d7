import { readQuery } from './search-query.ts';

const holds = (typed: string, text: string): boolean => readQuery(typed, []).holds(text);

describe('readQuery', () => {
  it.each([
    ['refund order', 'The order and its refund', true],
    ['refund order', 'The order alone', false],
    ['refund OR order', 'The order alone', true],
    ['refund or order', 'The order alone', false],
    ['order -dent', 'An order with a dent', false],
    ['order -dent', 'An order of dentures', true],
    ['order -4711-0815', 'order 4711-0816', true],
    ['order -4711-0815', 'order 4711-0815', false],
    ['"send it back"', 'please send it back', true],
    ['"send it back"', 'it was sent back', false],
    ['-"send it back" please', 'please send it back', false],
    ['Müller OR Maier', 'Herr Mueller', true],
    ['+49 170 1234567', 'call 0170/1234567', true],
    ['DE89 3704 0044 0532 0130 00', 'IBAN DE89370400440532013000', true],
    ['東京都 -大阪', '東京都庁', true],
    ['東京都 -大阪', '東京都と大阪', false],
  ])('%s, in %s: %s', (typed, text, expected) => {
    expect(holds(typed, text)).toBe(expected);
  });

  it('asks for words and filters', () => {
    expect(readQuery('', ['@in:chan_a'])).toMatchObject({ terms: "'@in:chan_a'", hasWords: false });
    expect(readQuery('be', ['@in:chan_a']).terms).toBe("(('^be')) & '@in:chan_a'");
    expect(readQuery('?!', []).hasWords).toBe(false);
    expect(readQuery("it's \\ 'quoted'", []).terms).toEqual(expect.any(String));
  });

  it('asks the index for each term, without beginnings where others are', () => {
    expect(readQuery('shipment', []).keys).toEqual(["'~ship'", "'~ipme'", "'~ment'"]);
    expect(readQuery('the', []).keys).toEqual(["(('~the':*))"]);
    expect(readQuery('the ship', []).keys).toEqual(["'~ship'"]);
    expect(readQuery('the OR ship', ['@file:yes']).keys).toEqual(["'@file:yes'"]);
    expect(readQuery('boat OR ship', ['@file:yes']).keys).toEqual(["(('~boat') | ('~ship'))", "'@file:yes'"]);
    expect(readQuery('', []).keys).toEqual([]);
  });

  it('compares only what terms cannot tell', () => {
    expect(readQuery('ship', []).isExact).toBe(true);
    expect(readQuery('0815', []).isExact).toBe(true);
    expect(readQuery('東京', []).isExact).toBe(true);
    expect(readQuery('shipment', []).isExact).toBe(false);
    expect(readQuery('ship -late', []).isExact).toBe(false);
  });

  it('guesses at misspelt words of six letters and more', () => {
    expect(readQuery('refnud', []).fuzzy?.needs).toEqual([2]);
    expect(readQuery('cat', []).fuzzy).toBeNull();
    expect(readQuery('"refnud"', []).fuzzy).toBeNull();
    expect(readQuery('4711081500', []).fuzzy).toBeNull();
  });
});
