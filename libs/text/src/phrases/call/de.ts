import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const de: Translation<typeof en> = {
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
};
