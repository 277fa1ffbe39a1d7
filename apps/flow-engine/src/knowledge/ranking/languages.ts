/** Languages written in Latin letters that PostgreSQL has a stemmer for. */
export const latinLanguages = [
  'english',
  'german',
  'french',
  'spanish',
  'italian',
  'portuguese',
  'dutch',
  'swedish',
  'danish',
  'norwegian',
  'finnish',
  'hungarian',
  'romanian',
  'turkish',
  'indonesian',
  'catalan',
] as const;

export type LatinLanguage = (typeof latinLanguages)[number];

/** A language whose words are told by their script, with its stemmer. */
const byScript: readonly (readonly [language: string, letters: RegExp])[] = [
  ['russian', /^\p{Script=Cyrillic}/u],
  ['arabic', /^\p{Script=Arabic}/u],
  ['hindi', /^\p{Script=Devanagari}/u],
  ['greek', /^\p{Script=Greek}/u],
  ['tamil', /^\p{Script=Tamil}/u],
  ['armenian', /^\p{Script=Armenian}/u],
];

/** Little words by which a language is told; folded as the index folds them. */
const littleWords: Readonly<Record<LatinLanguage, ReadonlySet<string>>> = {
  english: setOf(
    'the a of and to in is are was be for on with that this it as by from at or an not you your we can will how what when if which have has do does there more any all into than then these but also only so no its their they i me my',
  ),
  german: setOf(
    'der die das und ist nicht ein eine einen einer dem den des im mit von zu zum zur auf fur sie wir ich wie was wann wo kann auch bei aus nach wird werden oder uber haben hat sind es am bis wer um',
  ),
  french: setOf(
    'le la les et est des du de un une en dans pour que qui sur avec pas par au aux vous nous je il elle ce cette ces sont comment quel quelle ou votre vos mon mes peut plus ne',
  ),
  spanish: setOf(
    'el la los las y es de del un una en para que por con no se su sus como cual cuando donde puede al lo mi tu usted este esta son mas o hay tiene si sin desde',
  ),
  italian: setOf(
    'il lo la gli le e di del della dei delle che un una in per con non si come quando dove puo sono al alla nel nella da dal questo questa o anche i ho ha su piu',
  ),
  portuguese: setOf(
    'o a os as e de do da dos das um uma em no na nos nas para que por com nao se como quando onde pode ao sao seu sua este esta ou mais eu voce pelo pela ate',
  ),
  dutch: setOf(
    'de het een en van is niet in op te met voor dat die zijn aan u wij we ik hoe wat wanneer waar kan kunt ook bij uit naar wordt worden of over heeft hebben er door deze dit uw',
  ),
  swedish: setOf(
    'och att det som en ett ar av for med pa den inte till vi du jag hur vad nar var kan fran eller har om i sig din ditt era ska',
  ),
  danish: setOf(
    'og at det som en et er af for med pa den ikke til vi du jeg hvordan hvad hvornar hvor kan fra eller har om i sig din dit skal efter dine',
  ),
  norwegian: setOf(
    'og at det som en et er av for med pa den ikke til vi du jeg hvordan hva nar hvor kan fra eller har om i seg din ditt skal etter dine',
  ),
  finnish: setOf(
    'ja on ei se etta joka mita miten milloin missa voi voit ovat tai kun jos niin myos mutta ole olet meidan sinun taman tama kuin ennen jalkeen',
  ),
  hungarian: setOf(
    'a az es egy nem is hogy van vagy ha mit hogyan mikor hol lehet kell meg csak ezt ez ki be el fel le nincs miert mennyi',
  ),
  romanian: setOf(
    'si de la in pe cu un o este sunt nu se ce care pentru din sau cum cand unde poate va ale al mai ca prin fi am are cat',
  ),
  turkish: setOf(
    've bir bu da de icin ile ne nasil nerede zaman olan olarak mi mu var yok kadar daha gibi veya sonra once en her kac hangi',
  ),
  indonesian: setOf(
    'dan yang di ke dari untuk dengan ini itu adalah tidak pada dalam akan dapat bisa bagaimana kapan mana apa atau anda kami saya juga oleh jika berapa',
  ),
  catalan: setOf(
    'el la els les i es de del un una en per que amb no com quan on pot al lo mes o aquest aquesta son seu seva dels als si sense des fins',
  ),
};

/** Little words of a language, folded. */
export function littleWordsOf(language: LatinLanguage): ReadonlySet<string> {
  return littleWords[language];
}

function setOf(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** The languages that have a little word. */
const languagesOfWord = new Map<string, LatinLanguage[]>();
for (const language of latinLanguages)
  for (const word of littleWords[language])
    languagesOfWord.set(word, [...(languagesOfWord.get(word) ?? []), language]);

/** Words looked at: enough to be sure, however long the text. */
const SAMPLE = 2000;
/** Prose has this share of little words at least; lists and code have fewer. */
const LEAST_SHARE = 0.12;
/** Another language than English has to be told by more words than one that both have. */
const LEAST_DIFFERENT = 3;
const SHORT_TEXT = 30;
/** A passage is taken for another language than its document's only with this many different little words. */
const CLEARLY_MANY = 5;

/**
 * The language of a text in Latin letters; null where it cannot be told.
 * @param words folded words of the text, in order
 * @param around the language of what surrounds it, which short or doubtful texts are taken for
 */
export function latinLanguageOf(
  words: Iterable<string>,
  around: LatinLanguage | null = null,
): LatinLanguage | null {
  const { hits, seen } = countLittleWords(words);
  const [best] = [...hits].sort(([, one], [, other]) => other.count - one.count);
  if (!best) return around;
  const [language, { count, different }] = best;
  if (!isProse(language, { count, different: different.size, seen })) return around;
  if (around === null) return language;
  const isClear = different.size >= CLEARLY_MANY && count >= (hits.get(around)?.count ?? 0) * 2;
  return isClear ? language : around;
}

interface Hits {
  count: number;
  different: Set<string>;
}

function countLittleWords(words: Iterable<string>): { hits: Map<LatinLanguage, Hits>; seen: number } {
  const hits = new Map<LatinLanguage, Hits>();
  let seen = 0;
  for (const word of words) {
    if (seen === SAMPLE) break;
    seen += 1;
    for (const language of languagesOfWord.get(word) ?? []) {
      const found = hits.get(language) ?? { count: 0, different: new Set() };
      found.count += 1;
      found.different.add(word);
      hits.set(language, found);
    }
  }
  return { hits, seen };
}

function isProse(
  language: LatinLanguage,
  { count, different, seen }: { count: number; different: number; seen: number },
): boolean {
  const least = language === 'english' || seen < SHORT_TEXT ? 2 : LEAST_DIFFERENT;
  return count >= seen * LEAST_SHARE && different >= least;
}

/** Stemmers of PostgreSQL for a word, one for each language that the corpus may have it in; none where it has no language. */
export function stemmersOf(word: string, languages: readonly LatinLanguage[]): readonly string[] {
  if (/^\p{Script=Latin}/u.test(word)) return languages;
  const found = byScript.find(([, letters]) => letters.test(word));
  return found ? [found[0]] : [];
}

/** Endings that a stemmer knows by their accents alone, which folding took away. */
const repairs: Readonly<Record<string, readonly (readonly [ending: RegExp, accented: string])[]>> = {
  spanish: [[/([cs])ion$/u, '$1ión']],
  portuguese: [
    [/cao$/u, 'ção'],
    [/coes$/u, 'ções'],
  ],
  french: [[/ees?$/u, 'e']],
  // Folding takes the breve from й, too.
  russian: [[/(?<=[аеиоуыэюя])и$/u, 'й']],
  german: [
    [/(?<![aeq])ue/gu, 'u'],
    [/oe/gu, 'o'],
    [/ae/gu, 'a'],
  ],
};

/** Spellings of Devanagari that stand for one another: nukta, chandrabindu, a nasal before a consonant. */
const NUKTA = /\u093c/gu;
const CHANDRABINDU = /\u0901/gu;
const NASAL_BEFORE_CONSONANT = /[ङञणनम]\u094d(?=[क-ह])/gu;
const ANUSVARA = '\u0902';

/** The article of Arabic, with a conjunction or preposition before it; what is left has two letters at least. */
const ARABIC_ARTICLE = /^(?:[وفبك]?ال|لل)(?=\p{L}{2})/u;

/** A folded word as its stemmer takes it. */
export function stemmable(word: string, stemmer: string): string {
  if (stemmer === 'arabic') return withoutArticle(word);
  if (stemmer === 'hindi')
    return word
      .normalize('NFD')
      .replace(NUKTA, '')
      .replace(CHANDRABINDU, ANUSVARA)
      .replace(NASAL_BEFORE_CONSONANT, ANUSVARA)
      .normalize('NFC');
  return (repairs[stemmer] ?? []).reduce((text, [ending, accented]) => text.replace(ending, accented), word);
}

/** A folded Arabic word without its article. */
export function withoutArticle(word: string): string {
  return word.length >= 4 ? word.replace(ARABIC_ARTICLE, '') : word;
}

/** Languages that write compounds as one word: "Versandkosten". */
export const compounding: ReadonlySet<string> = new Set<LatinLanguage>([
  'german',
  'dutch',
  'swedish',
  'danish',
  'norwegian',
  'finnish',
  'hungarian',
]);

/** The languages of a corpus from their stored form. */
export function languagesIn(stored: readonly string[]): LatinLanguage[] {
  const found = new Set(stored.flatMap((text) => text.split(' ')));
  return latinLanguages.filter((language) => found.has(language));
}
