/** What the voice says of its own accord: never part of the history. */
export interface Prompts {
  notUnderstood: string;
  stillThere: string;
  goodbye: string;
  timeIsUp: string;
  oneMoment: string;
  failed: string;
}

const english: Prompts = {
  notUnderstood: 'Sorry, I did not understand. Please repeat, or type.',
  stillThere: 'Are you still there?',
  goodbye: 'I cannot hear you, so I will hang up now. Goodbye.',
  timeIsUp: 'This call has reached its time limit. Goodbye.',
  oneMoment: 'One moment, please.',
  failed: 'Sorry, something went wrong. Please ask again.',
};

const byLanguage: Record<string, Prompts> = {
  en: english,
  de: {
    notUnderstood: 'Das habe ich leider nicht verstanden. Bitte wiederholen Sie es, oder schreiben Sie.',
    stillThere: 'Sind Sie noch da?',
    goodbye: 'Ich höre Sie nicht und lege jetzt auf. Auf Wiederhören.',
    timeIsUp: 'Die Zeit für dieses Gespräch ist um. Auf Wiederhören.',
    oneMoment: 'Einen Moment bitte.',
    failed: 'Da ist leider etwas schiefgegangen. Bitte fragen Sie noch einmal.',
  },
  es: {
    notUnderstood: 'Lo siento, no le he entendido. Repita, por favor, o escriba.',
    stillThere: '¿Sigue ahí?',
    goodbye: 'No le oigo, así que voy a colgar. Adiós.',
    timeIsUp: 'Se ha agotado el tiempo de esta llamada. Adiós.',
    oneMoment: 'Un momento, por favor.',
    failed: 'Lo siento, algo ha fallado. Pregunte de nuevo, por favor.',
  },
  fr: {
    notUnderstood: 'Désolé, je n’ai pas compris. Répétez, s’il vous plaît, ou écrivez.',
    stillThere: 'Êtes-vous toujours là ?',
    goodbye: 'Je ne vous entends pas, je vais donc raccrocher. Au revoir.',
    timeIsUp: 'La durée de cet appel est écoulée. Au revoir.',
    oneMoment: 'Un instant, s’il vous plaît.',
    failed: 'Désolé, quelque chose n’a pas fonctionné. Posez votre question à nouveau.',
  },
};

/** The prompts of a language tag such as `de-AT`; English where the language has none. */
export function promptsFor(language: string | null): Prompts {
  return byLanguage[(language ?? 'en').toLowerCase().split(/[-_]/)[0] ?? 'en'] ?? english;
}
