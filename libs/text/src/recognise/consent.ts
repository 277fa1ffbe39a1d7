import { type Language, languageOf, languages } from '../languages.ts';
import { PhraseReader, type Wordings } from './phrase-reader.ts';
import { comparableWords } from './words.ts';

/** `please` alone accepts an offer; `filler` says nothing by itself. */
type Kind = 'yes' | 'no' | 'please' | 'filler';

/** The first two of each kind are what a caller is most likely to say. */
const wordings: Readonly<Record<Language, Wordings<Kind>>> = {
  en: {
    yes: [
      ...[
        'yes',
        'yes please',
        'yes you may',
        'yeah',
        'yep',
        'yup',
        'sure',
        'of course',
        'certainly',
        'absolutely',
      ],
      ...[
        'definitely',
        'ok',
        'okay',
        'alright',
        'all right',
        'fine',
        'please do',
        'do that',
        'do it',
        'go ahead',
      ],
      ...[
        'why not',
        'i agree',
        'agreed',
        'sounds good',
        'i would',
        'i would like that',
        'id like that',
        'i do',
      ],
      ...[
        'that would be good',
        'that would be great',
        'that would be nice',
        'that would be fine',
        'gladly',
        'by all means',
      ],
    ],
    no: [
      ...[
        'no',
        'no thanks',
        'no thank you',
        'nope',
        'nah',
        'please do not',
        'please dont',
        'do not',
        'dont',
        'not now',
      ],
      ...[
        'not necessary',
        'no need',
        'i do not',
        'i dont',
        'i would not',
        'rather not',
        'never mind',
        'nevermind',
        'not at all',
      ],
    ],
    please: ['please'],
    filler: [
      'thanks',
      'thank you',
      'very much',
      'so much',
      'then',
      'now',
      'right now',
      'for now',
      'that',
      'it',
      'you may',
    ],
  },
  de: {
    yes: [
      ...[
        'ja',
        'ja bitte',
        'ja gerne',
        'ja gern',
        'gerne',
        'gern',
        'sehr gerne',
        'sehr gern',
        'klar',
        'ja klar',
        'natürlich',
      ],
      ...[
        'in ordnung',
        'okay',
        'ok',
        'einverstanden',
        'jawohl',
        'jo',
        'jep',
        'auf jeden Fall',
        'selbstverständlich',
        'passt',
      ],
      ...[
        'machen Sie das',
        'mach das',
        'tun Sie das',
        'bitte machen',
        'warum nicht',
        'das wäre gut',
        'das wäre nett',
      ],
      ...['das wäre schön', 'das wäre super', 'das wäre toll', 'unbedingt', 'von mir aus'],
    ],
    no: [
      ...[
        'nein',
        'nein danke',
        'bitte nicht',
        'lieber nicht',
        'nee',
        'nö',
        'nicht nötig',
        'nicht jetzt',
        'auf keinen Fall',
      ],
      ...['kein Bedarf', 'brauche ich nicht', 'das brauche ich nicht', 'gar nicht', 'das reicht'],
    ],
    please: ['bitte'],
    filler: [
      'danke',
      'danke schön',
      'vielen Dank',
      'danke sehr',
      'jetzt',
      'dann',
      'doch',
      'mal',
      'das',
      'sehr',
    ],
  },
  es: {
    yes: [
      ...[
        'sí',
        'sí por favor',
        'si',
        'claro',
        'claro que sí',
        'por supuesto',
        'vale',
        'de acuerdo',
        'ok',
        'okay',
        'está bien',
      ],
      ...[
        'adelante',
        'hágalo',
        'hazlo',
        'con gusto',
        'perfecto',
        'desde luego',
        'cómo no',
        'bueno',
        'me gustaría',
        'sería genial',
      ],
    ],
    no: [
      ...[
        'no',
        'no gracias',
        'mejor no',
        'prefiero que no',
        'no hace falta',
        'no es necesario',
        'para nada',
        'ahora no',
      ],
      ...['de ninguna manera', 'no quiero'],
    ],
    please: ['por favor', 'porfa'],
    filler: ['gracias', 'muchas gracias', 'ahora', 'eso', 'señor', 'señora'],
  },
  fr: {
    yes: [
      ...[
        'oui',
        'oui bien sûr',
        'oui merci',
        'ouais',
        'bien sûr',
        "d'accord",
        'd accord',
        'ok',
        'okay',
        'volontiers',
      ],
      ...[
        'avec plaisir',
        'certainement',
        'allez-y',
        'vas-y',
        'faites',
        'faites-le',
        'pourquoi pas',
        'je veux bien',
        'entendu',
      ],
      ...['parfait', 'tout à fait', 'bien entendu', 'ce serait bien', 'ce serait gentil', 'absolument'],
    ],
    no: [
      ...[
        'non',
        'non merci',
        'plutôt pas',
        'pas besoin',
        "ce n'est pas nécessaire",
        'surtout pas',
        'pas du tout',
      ],
      ...['pas maintenant', 'ça ira', "c'est bon merci"],
    ],
    please: ["s'il vous plaît", "s'il te plaît", 's il vous plait', 'svp', 'stp'],
    filler: ['merci', 'merci beaucoup', 'maintenant', 'alors', 'monsieur', 'madame'],
  },
  hi: {
    yes: [
      ...[
        'हाँ',
        'जी हाँ',
        'हाँ जी',
        'जी',
        'ठीक है',
        'बिल्कुल',
        'ज़रूर',
        'अवश्य',
        'कर दीजिए',
        'कर दो',
        'कीजिए',
        'बुलाइए',
        'बुला लीजिए',
      ],
      ...[
        'बुला दीजिए',
        'बुलाओ',
        'सही है',
        'ओके',
        'haan',
        'haan ji',
        'ji haan',
        'theek hai',
        'thik hai',
        'bilkul',
        'zaroor',
        'jarur',
      ],
    ],
    no: [
      ...[
        'नहीं',
        'जी नहीं',
        'नहीं जी',
        'ना',
        'नहीं धन्यवाद',
        'मत कीजिए',
        'रहने दीजिए',
        'रहने दो',
        'ज़रूरत नहीं',
        'ज़रूरत नहीं है',
      ],
      ...['अभी नहीं', 'nahi', 'nahin', 'ji nahi', 'ji nahin'],
    ],
    please: ['कृपया', 'प्लीज़', 'प्लीज'],
    filler: ['धन्यवाद', 'शुक्रिया', 'अभी', 'तो'],
  },
  ar: {
    yes: [
      ...[
        'نعم',
        'نعم من فضلك',
        'أجل',
        'بلى',
        'طبعًا',
        'بالطبع',
        'أكيد',
        'بالتأكيد',
        'حسنًا',
        'موافق',
        'أوافق',
        'تمام',
        'لا مانع',
      ],
      ...[
        'لا بأس',
        'تفضل',
        'تفضلوا',
        'أيوه',
        'إي نعم',
        'ماشي',
        'أوكي',
        'يا ريت',
        'أود ذلك',
        'أرغب في ذلك',
        'naam',
        'aywa',
      ],
    ],
    no: [
      ...[
        'لا',
        'لا شكرًا',
        'كلا',
        'ليس الآن',
        'لا أريد',
        'لا داعي',
        'غير موافق',
        'لا أوافق',
        'أبدًا',
        'لا أرغب',
      ],
    ],
    please: ['من فضلك', 'من فضلكم', 'لو سمحت', 'لو سمحتم', 'رجاءً'],
    filler: ['شكرًا', 'شكرًا لك', 'شكرًا لكم', 'شكرًا جزيلًا', 'الآن'],
  },
};

const reader = new PhraseReader<Kind>(wordings);
/** A longer message is no plain yes or no. */
const LONGEST = 160;

/** What a short message means as an answer to a question, in any language the product speaks; null for something else. */
export function consentOf(text: string): 'yes' | 'no' | null {
  const kinds = kindsOf(text);
  if (!kinds || kinds.has('yes') === kinds.has('no')) return null;
  return kinds.has('yes') ? 'yes' : 'no';
}

/** Whether a message accepts what was just offered: a "please" alone does, too. */
export function acceptsOffer(text: string): boolean {
  const kinds = kindsOf(text);
  return kinds !== null && !kinds.has('no') && (kinds.has('yes') || kinds.has('please'));
}

/** Whether a message declines what was just offered. */
export function declinesOffer(text: string): boolean {
  return consentOf(text) === 'no';
}

/** Usual answers of a language, for a recogniser that hears a closed list. */
export function usualConsents(tag: string | null | undefined): { yes: string[]; no: string[] } {
  const { yes, no } = wordings[languageOf(tag)];
  return { yes: yes.slice(0, 2), no: no.slice(0, 2) };
}

/** All wordings, for the checks of the catalogue. */
export const consentWordings: readonly { language: Language; meaning: 'yes' | 'no'; text: string }[] =
  languages.flatMap((language) =>
    (['yes', 'no'] as const).flatMap((meaning) =>
      wordings[language][meaning].map((text) => ({ language, meaning, text })),
    ),
  );

function kindsOf(text: string): Set<Kind> | null {
  if (text.length > LONGEST) return null;
  const words = comparableWords(text);
  const { phrases, end } = reader.read(words);
  return words.length > 0 && end === words.length ? new Set(phrases.map(({ kind }) => kind)) : null;
}
