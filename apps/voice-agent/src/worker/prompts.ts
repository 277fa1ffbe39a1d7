/** What the voice says of its own accord: never part of the history. */
export interface Prompts {
  notUnderstood: string;
  stillThere: string;
  goodbye: string;
  timeIsUp: string;
  oneMoment: string;
  failed: string;
  /** Before there is an agent: more calls cannot be taken, or this one cannot. */
  linesBusy: string;
  callAgain: string;
  /** Before a call is recorded: that it is, or whether it may be. */
  recorded: string;
  mayRecord: string;
}

const english: Prompts = {
  notUnderstood: 'Sorry, I did not understand. Please repeat, or type.',
  stillThere: 'Are you still there?',
  goodbye: 'I cannot hear you, so I will hang up now. Goodbye.',
  timeIsUp: 'This call has reached its time limit. Goodbye.',
  oneMoment: 'One moment, please.',
  failed: 'Sorry, something went wrong. Please ask again.',
  linesBusy: 'All lines are busy at the moment. Please call again in a few minutes. Goodbye.',
  callAgain: 'Your call cannot be taken right now. Please call again in a few minutes. Goodbye.',
  recorded: 'This call is recorded.',
  mayRecord: 'May this call be recorded? Press 1 or say yes.',
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
    linesBusy:
      'Zurzeit sind alle Leitungen belegt. Bitte rufen Sie in einigen Minuten noch einmal an. Auf Wiederhören.',
    callAgain:
      'Ihr Anruf kann gerade nicht angenommen werden. Bitte rufen Sie in einigen Minuten noch einmal an. Auf Wiederhören.',
    recorded: 'Dieser Anruf wird aufgezeichnet.',
    mayRecord: 'Darf dieser Anruf aufgezeichnet werden? Drücken Sie die 1 oder sagen Sie ja.',
  },
  es: {
    notUnderstood: 'Lo siento, no le he entendido. Repita, por favor, o escriba.',
    stillThere: '¿Sigue ahí?',
    goodbye: 'No le oigo, así que voy a colgar. Adiós.',
    timeIsUp: 'Se ha agotado el tiempo de esta llamada. Adiós.',
    oneMoment: 'Un momento, por favor.',
    failed: 'Lo siento, algo ha fallado. Pregunte de nuevo, por favor.',
    linesBusy: 'Todas las líneas están ocupadas. Llame de nuevo en unos minutos, por favor. Adiós.',
    callAgain: 'No podemos atender su llamada ahora. Llame de nuevo en unos minutos, por favor. Adiós.',
    recorded: 'Esta llamada se graba.',
    mayRecord: '¿Podemos grabar esta llamada? Pulse 1 o diga sí.',
  },
  fr: {
    notUnderstood: 'Désolé, je n’ai pas compris. Répétez, s’il vous plaît, ou écrivez.',
    stillThere: 'Êtes-vous toujours là ?',
    goodbye: 'Je ne vous entends pas, je vais donc raccrocher. Au revoir.',
    timeIsUp: 'La durée de cet appel est écoulée. Au revoir.',
    oneMoment: 'Un instant, s’il vous plaît.',
    failed: 'Désolé, quelque chose n’a pas fonctionné. Posez votre question à nouveau.',
    linesBusy: 'Toutes les lignes sont occupées. Rappelez dans quelques minutes, s’il vous plaît. Au revoir.',
    callAgain:
      'Nous ne pouvons pas prendre votre appel. Rappelez dans quelques minutes, s’il vous plaît. Au revoir.',
    recorded: 'Cet appel est enregistré.',
    mayRecord: 'Cet appel peut-il être enregistré ? Tapez 1 ou dites oui.',
  },
};

/** The prompts of a language tag such as `de-AT`; English where the language has none. */
export function promptsFor(language: string | null): Prompts {
  return byLanguage[(language ?? 'en').toLowerCase().split(/[-_]/)[0] ?? 'en'] ?? english;
}
