/** What counts as an answer when a caller is asked whether the call may be recorded. */
interface Answers {
  yes: readonly string[];
  no: readonly string[];
}

const byLanguage: Record<string, Answers> = {
  en: {
    yes: ['yes', 'yes please', 'yes you may', 'yeah', 'sure', 'okay', 'ok', 'i agree'],
    no: ['no', 'no thanks', 'no thank you', 'please do not', 'nope'],
  },
  de: {
    yes: ['ja', 'ja bitte', 'ja gerne', 'gerne', 'in ordnung', 'okay', 'ok', 'einverstanden'],
    no: ['nein', 'nein danke', 'bitte nicht', 'lieber nicht'],
  },
  es: {
    yes: ['sí', 'si', 'sí por favor', 'claro', 'vale', 'de acuerdo', 'ok'],
    no: ['no', 'no gracias', 'mejor no'],
  },
  fr: {
    yes: ['oui', 'oui bien sûr', 'bien sûr', 'd accord', 'ok'],
    no: ['non', 'non merci', 'plutôt pas'],
  },
};

function answersIn(language: string | null): Answers {
  const tag = (language ?? 'en').toLowerCase().split(/[-_]/)[0] ?? 'en';
  return byLanguage[tag] ?? { yes: ['yes'], no: ['no'] };
}

/** What a caller's words mean as an answer: yes, no, or null for something else. */
export function answerOf(text: string, language: string | null): 'yes' | 'no' | null {
  const said = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  const { yes, no } = answersIn(language);
  if (yes.includes(said)) return 'yes';
  return no.includes(said) ? 'no' : null;
}

/** What a recogniser with a closed list is to listen for. */
export function answersToHear(language: string | null): string[] {
  const { yes, no } = answersIn(language);
  return [...yes.slice(0, 2), ...no.slice(0, 2)];
}
