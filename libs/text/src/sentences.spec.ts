import fc from 'fast-check';
import { type SentenceOptions, SentenceStream, sentencesOf } from './sentences.ts';

/** Each text as its sentences; joined with one space, or as they are in scripts without spaces. */
const texts: readonly (readonly [what: string, sentences: readonly string[], joint?: string])[] = [
  ['English titles', ['Dr. Smith met Mr. and Mrs. Jones at St. Mary St.', 'They talked.']],
  ['"No." and numbers', ['Take No. 5.', 'No.', 'I mean it.', 'See p. 12, Fig. 3 and Vol. IV.', 'Sit.']],
  ['lead-ins', ['Use fruit, e.g. Apples, i.e. Food.', 'Cf. Miller et al. Nature.', 'Etc. and so on.']],
  ['initials', ['It is by J. R. R. Tolkien.', 'The U.S. Navy left the U.S.', 'It came at 5 p.m.', 'We ate.']],
  ['prices', ['It costs $3.50.', 'Or 3,50 €.', 'In all 1.234,56 €!', '12 are left.', '€5 is less.']],
  [
    'times and dates',
    ['Come on Oct. 3 at 10.30 a.m. Monday.', 'Due 24.12.2026.', 'Then 2026-12-24.', 'Yes?'],
  ],
  ['versions', ['Use v1.2.3.', 'PostgreSQL 15.2.', 'Node.js 24.', 'It runs.']],
  [
    'addresses',
    ['See https://a.example/b.c?d=e.f#g.', 'Write to a.b@c.example.', 'Ping 10.0.0.1.', 'Open .env.'],
  ],
  ['file names', ['Edit app.config.ts.', 'pg_dump writes dump.sql.gz.', 'iPhone users wait.']],
  ['ellipses', ['Well...', 'I see.', 'Wait…', 'What?', 'It goes from 1 ... 10.', 'And so ... on.']],
  [
    'quotes and brackets',
    ['"Really?" she asked.', 'He said “No.”', '(Never.)', '“Why?”', 'So [1].', 'Ok.[2]', 'B.'],
  ],
  ['Markdown', ['**Stop.**', 'Go *now.*', 'Run `a.b. C?` first.', '_Then_ wait.']],
  ['list points', ['# 1. Title', '1. First point.', '2. Second.', 'a. Third'], '\n'],
  ['points after a colon', ['Do this: 1. Open it.', '2. Close it.']],
  [
    'German',
    ['Am 3. Oktober, d. h. z. B. Montag, kam Hr. Maier.', 'Im 19. Jahrhundert war es der 2. Weltkrieg.'],
  ],
  [
    'German numbers',
    ['Nr. 5 kostet ca. 3,50 €.', 'Siehe S. 12 bzw. Abb. 4.', 'Am 24. 12. 2026 usw.', 'Es gilt.'],
  ],
  [
    'German titles, streets and large numbers',
    [
      'Dr. med. Kern, Dr. rer. nat. Abel und Fa. Meier sind da.',
      'Es sind 5 Mio. Euro.',
      'Hauptstr. 7 bzw. §§ 5 ff. BGB.',
    ],
  ],
  ['ranges of days', ['Open Mon.–Fri. 9–17 h, Sat. 10 a.m. to 2 p.m.', 'We are closed.']],
  ['Spanish plurals', ['Viene de EE. UU. hoy.', 'Bien.']],
  ['Rupees', ['It is Rs. 500 only.', 'Yes.']],
  ['Spanish', ['¿Vive la Sra. López en la Av. Sol?', '¡Sí!', 'El Dr. Ruiz, p. ej. Juan, pág. 3.', 'Fin.']],
  [
    'French',
    ['M. Dupont vit en France.', 'Mme. Roy, c.-à-d. Anne, part.', 'Bonjour !', 'Ça va ?', 'L’U.E. Centrale.'],
  ],
  ['Russian', ['А. С. Пушкин жил в г. Москва.', 'Он писал и т. д. Потом уехал.'], ' '],
  ['Greek', ['Τι είναι;', 'Είναι καλό.', 'Ναι.']],
  ['Georgian', ['გამარჯობა.', 'როგორ ხარ?']],
  ['Armenian', ['Բարև։', 'Ինչպես ես։']],
  ['Japanese', ['これは3.5円です。', '「はい。」と言った。', '本当？！', '「そう。」', 'はい'], ''],
  ['Chinese', ['价格是3.5元。', '你好！', '“好。”', '真的?', '我……不知道。'], ''],
  ['Chinese emphasis', ['**你好。**', '下。', '*很*好。', '是**的！**'], ''],
  ['Korean', ['안녕하세요.', '가격은 3.5원입니다.', '네!']],
  ['Hindi', ['यह डॉ. शर्मा हैं।', 'क्या हाल है?', 'ठीक।']],
  ['Arabic', ['كيف حالك؟', 'أنا بخير.', 'السعر 3.5 دولار.', 'شكرا!']],
  ['Urdu', ['یہ ایک جملہ ہے۔', 'کیا؟', 'جی۔']],
  ['Amharic', ['ሰላም ነው።', 'እንዴት ነህ፧', 'ደህና።']],
  ['Burmese', ['နေကောင်းလား။', 'ကောင်းပါတယ်။'], ''],
  ['Khmer', ['សួស្តី។', 'អរគុណ។']],
  ['Tibetan', ['བཀྲ་ཤིས།', 'བདེ་ལེགས།']],
  ['Hebrew', ['שלום.', 'מה שלומך?', 'המחיר 3.5 שקל.']],
  ['Thai', ['สวัสดีครับ ยินดีต้อนรับ']],
];

const inText = (text: string): string[] => sentencesOf(text).map(({ start, end }) => text.slice(start, end));

const streamed = (pieces: readonly string[], options?: SentenceOptions): string[] => {
  const stream = new SentenceStream(options);
  return [...pieces.flatMap((piece) => stream.push(piece)), ...stream.end()];
};

describe('sentencesOf', () => {
  it.each(texts.map(([what, sentences, joint = ' ']) => ({ what, sentences, joint })))(
    'ends sentences of $what where they end',
    ({ sentences, joint }) => {
      expect(inText(sentences.join(joint))).toEqual(sentences);
    },
  );

  it('gives places of the text, and cuts long Thai at its spaces', () => {
    const clause = 'เมื่อวานนี้ผมไปตลาดกับเพื่อนและซื้อผลไม้หลายอย่างเช่นมะม่วงและทุเรียนมาทานด้วยกันที่บ้าน';
    expect(inText(`  ${clause} ${clause}\n`)).toEqual([clause, clause]);
    expect(sentencesOf('  Ab.  C\n')).toEqual([
      { start: 2, end: 5 },
      { start: 7, end: 8 },
    ]);
  });

  it('takes linear time', () => {
    const started = performance.now();
    for (const part of ['a', '.', '. ', '`', '. "', 'ก ', '[1', 'z. B. ', '\n'])
      sentencesOf(part.repeat(1_000_000 / part.length));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('SentenceStream', () => {
  const alphabet = fc.oneof(
    fc.constantFrom(...texts.flatMap(([, sentences]) => sentences)),
    fc.constantFrom(...'.!?…。؟।;`"*_)([-–1 5aAIvX\n\t,’ \u0301'),
    fc.constantFrom(
      ' ',
      '. ',
      '? ',
      'etc. ',
      'No. ',
      '5',
      '👩🏽‍🚀',
      '🇩🇪',
      '\ud83d',
      '[1',
      ', ',
      '. - ',
      'ก ',
      '…… ',
    ),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
  );
  const longText = fc.array(alphabet, { maxLength: 30 }).map((parts) => parts.join(''));
  const shapes = fc.constantFrom<SentenceOptions>(
    {},
    { minLength: 12, maxLength: 240 },
    { maxLength: 40, firstClauseLength: 10 },
    { minLength: 5, maxLength: 20 },
  );

  it('gives the same sentences however the text arrives', () => {
    fc.assert(
      fc.property(longText, shapes, fc.array(fc.nat(20), { maxLength: 60 }), (text, options, cuts) => {
        const pieces: string[] = [];
        let from = 0;
        for (const cut of cuts) pieces.push(text.slice(from, (from += cut)));
        pieces.push(text.slice(from));
        const whole = streamed([text], options);
        expect(whole.join('')).toBe(text);
        expect(streamed(pieces, options)).toEqual(whole);
        expect(streamed(text.split(''), options)).toEqual(whole);
        expect(Math.max(0, ...whole.map(({ length }) => length))).toBeLessThanOrEqual(
          options.maxLength ?? Infinity,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('gives the sentences of the whole text', () => {
    fc.assert(
      fc.property(longText, (text) => {
        const pieces = streamed(text.split(''));
        expect(pieces.map((piece) => piece.trim()).filter(Boolean)).toEqual(inText(text));
      }),
    );
  });

  it('gives a sentence as soon as the next one begins', () => {
    const stream = new SentenceStream();
    expect(stream.push('You have thirty days. ')).toEqual([]);
    expect(stream.push('T')).toEqual(['You have thirty days. ']);
    expect(stream.push('hen it ends.')).toEqual([]);
    expect(stream.end()).toEqual(['Then it ends.']);
    expect(stream.push('はい。い')).toEqual(['はい。']);
    expect(stream.end()).toEqual(['い']);
  });

  it.each([
    ['No end', []],
    ['One. Two. Three', ['One. ', 'Two. ']],
    ['$20.50 is the price', []],
    [
      'This clause is long enough to be said at once, so it is, and',
      ['This clause is long enough to be said at once, '],
    ],
  ])('begins %j as soon as a clause is certain', (text, clauses) => {
    const stream = new SentenceStream({ firstClauseLength: 40, maxLength: 300 });
    expect(stream.push(text)).toEqual(clauses);
    expect([...clauses, ...stream.end()].join('')).toBe(text);
  });

  it('joins short sentences with the next', () => {
    expect(streamed(['Yes. It costs 3.50 in all. Good.'], { minLength: 12 })).toEqual([
      'Yes. It costs 3.50 in all. ',
      'Good.',
    ]);
  });

  it('cuts long sentences behind clauses and words, never inside characters, amounts or names', () => {
    const pieces = streamed(
      [
        `${'some words that go on '.repeat(5)}and cost 12 500 € at Dr. Smith's shop, as I said, ${'👩🏽‍🚀'.repeat(60)}`,
      ],
      { maxLength: 150 },
    );
    expect(pieces[0]).toMatch(/that go on and cost 12 500 € at Dr\. Smith's $|at $|shop, $/);
    expect(pieces.every((piece) => piece.length <= 150 && piece.isWellFormed())).toBe(true);
    expect(pieces.at(-1)?.replaceAll('👩🏽‍🚀', '')).toBe('');
    const thai = streamed(['ภาษาไทยเขียนติดกันโดยไม่มีช่องว่าง'.repeat(20)], { maxLength: 100 });
    const words = new Intl.Segmenter('th', { granularity: 'word' });
    for (const piece of thai.slice(0, -1)) expect([...words.segment(piece)].at(-1)?.isWordLike).toBe(true);
  });
});
