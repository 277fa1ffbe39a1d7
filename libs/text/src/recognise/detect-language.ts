import type { Language } from '../languages.ts';
import { comparableWords } from './words.ts';

/** Units that are read: the beginning of a text tells its language. */
const READ = 400;

/**
 * Frequent words that tell Latin-script languages apart, without accents. The last three are not spoken by the product: they
 * keep their neighbours from being taken for one that is.
 */
const FREQUENT: Readonly<Record<string, string>> = {
  en: 'the a an and or of to in is are was be been do does did i you we they he she it my your our their me what when where who whom why how which can could would should will with for from on at by not this that these those there have has had if but about any some hello hi hey thanks thank please yes sorry want need get make work works open tell show help cannot cant dont im ive whats',
  de: 'der die das den dem des ein eine einen einem einer und oder ist sind war bin habe hat haben ich du sie wir ihr er es mein meine meinen ihre ihren unser mir mich was wann wo wer warum wieso wie welche welcher welches kann konnen konnte mochte mochten soll wird werden mit fur von vom zu zum zur im in auf bei nach uber aus an nicht kein keine auch noch nur wenn aber dass hallo guten danke bitte ja nein gibt gruss tag wollen brauche geht ihnen offnungszeiten moin servus',
  es: 'el la los las un una unos unas y o es son era ser estar esta estan estoy soy de del al en con por para que qua cual cuales cuando cuanto cuanta cuanto donde quien como porque no si mi mis su sus me se le lo nos yo tu usted ustedes puedo puede pueden tiene tengo hay quiero necesito hacer hola gracias adios favor buenos buenas dias tardes noches este esto esa eso mas muy pero sobre tambien horario',
  fr: 'le la les un une des du de et ou est sont etait etre ai as avez avons ont je tu il elle nous vous ils elles mon ma mes votre vos notre nos me te se que qui quoi quel quelle quels quelles quand comment pourquoi combien dans en avec pour par sur au aux ne pas plus ce cet cette ces si mais bonjour bonsoir salut merci oui non peux peut pouvez puis voudrais veux faire suis sans aussi cest jai quest horaires',
  it: 'il lo gli di del della dei che chi come cosa quando dove perche sono siete sei e ho hai ha un una per con non mi ti si ci vi mio tuo suo nostro vorrei posso puo grazie ciao buongiorno anche piu nel nella alla questo questa',
  pt: 'o os as um uma de do da dos das que quem como quando onde por para com nao sim voce voces eu ele ela meu minha seu sua nosso e em no na nos nas ao ola obrigado obrigada bom boa dia tarde posso pode quero preciso tem esta estou isto isso muito mas tambem qual quais',
  nl: 'de het een en of van is zijn was ben heb heeft ik je jij u wij hij zij mijn jouw uw onze wat wanneer waar wie waarom hoe welke kan kunnen met voor naar op bij niet geen ook maar als dat deze dit dank bedankt graag alstublieft ja nee wil moet er',
};
const LATIN: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(FREQUENT).map(([language, words]) => [language, new Set(words.split(' '))]),
);
/** Letters and signs that hardly any other of these languages has. */
const SIGNS: Readonly<Record<string, RegExp>> = {
  de: /[ßäöü]/i,
  es: /[ñ¿¡]/i,
  fr: /[çœêèùûîï]/i,
  pt: /[ãõ]/i,
  it: /[ìò]/i,
};

/** Letters of Persian, Urdu and their neighbours, which Arabic does not have. */
const NOT_ARABIC = /[پچژگکیےںٹڈڑہھۀ]/;
/** Words of Marathi and Nepali, which Hindi does not have. */
const NOT_HINDI = /(?:^|\s)(?:आहे|आहेत|काय|कसे|कधी|नाही|मला|तुम्ही|छ|छन्|तपाईं|हुन्छ|कसरी)(?=\s|[?!.।]|$)/;

/**
 * The language of a short message, by its script and its frequent words.
 * @returns `other` for a language that the product does not speak, null where it cannot be told
 */
export function detectLanguage(text: string): Language | 'other' | null {
  const read = text.slice(0, READ).replace(/https?:\/\/\S+|\S+@\S+/g, ' ');
  const letters = read.match(/\p{L}/gu) ?? [];
  const share = (script: RegExp): number =>
    letters.filter((letter) => script.test(letter)).length / letters.length;
  if (letters.length === 0) return null;
  // A name in Latin letters does not make a sentence in another script English.
  if (share(/\p{Script=Devanagari}/u) >= 0.4) return NOT_HINDI.test(read) ? 'other' : 'hi';
  if (share(/\p{Script=Arabic}/u) >= 0.4) return NOT_ARABIC.test(read) ? 'other' : 'ar';
  if (share(/\p{Script=Latin}/u) < 0.6) return 'other';
  return detectLatin(read);
}

function detectLatin(text: string): Language | 'other' | null {
  const words = new Set(comparableWords(text));
  const scores = [...LATIN].map(([language, frequent]) => {
    const known = [...words].filter((word) => frequent.has(word)).length;
    return { language, score: known + (SIGNS[language]?.test(text) ? 1 : 0) };
  });
  const [first, second] = scores.sort((one, other) => other.score - one.score);
  if (!first || first.score === 0 || first.score === second?.score) return null;
  // One frequent word among many others tells nothing.
  if (first.score === 1 && words.size > 4) return null;
  return isSpoken(first.language) ? first.language : 'other';
}

function isSpoken(language: string): language is Language {
  return language === 'en' || language === 'de' || language === 'es' || language === 'fr';
}
