import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const de: Translation<typeof en> = {
  assistant: 'Assistent',
  unknown: 'Das weiß ich leider nicht. Soll ich jemanden aus unserem Team dazuholen?',
  unavailable: 'Ich kann gerade leider nicht antworten. Soll ich jemanden aus unserem Team dazuholen?',
  handoff: 'Ich hole jemanden aus unserem Team in diese Unterhaltung. Sie erhalten die Antwort hier.',
  offerDeclined: 'In Ordnung. Kann ich sonst noch etwas für Sie tun?',
  failed:
    'Bei mir ist leider etwas schiefgegangen. Ich hole jemanden aus unserem Team in diese Unterhaltung.',
  noResponder:
    'Ich kann gerade leider nicht antworten. Ich hole jemanden aus unserem Team in diese Unterhaltung.',
  truncated:
    'Diese Antwort wurde abgeschnitten, weil sie zu lang geworden ist. Bitten Sie mich fortzufahren, oder fragen Sie nach einem Teil davon.',
  greeting: 'Guten Tag! Wie kann ich Ihnen helfen?',
  wellbeing: 'Mir geht es gut, danke. Wie kann ich Ihnen helfen?',
  thanks: 'Gern geschehen! Kann ich sonst noch etwas für Sie tun?',
  goodbye: 'Auf Wiedersehen! Melden Sie sich gern wieder, wenn Sie eine Frage haben.',
  goAhead: 'Gern. Was möchten Sie wissen?',
  acknowledgement: 'Schön. Kann ich sonst noch etwas für Sie tun?',
  identity:
    'Ich bin {name}, ein digitaler Assistent. Stellen Sie mir eine Frage; wenn ich keine Antwort weiß, kann ich jemanden aus unserem Team dazuholen.',
  abilities:
    'Ich beantworte Ihre Fragen. Wenn ich keine Antwort weiß, kann ich jemanden aus unserem Team dazuholen.',
  abilitiesWithTopics:
    'Ich beantworte Ihre Fragen, zum Beispiel zu: {topics}. Wenn ich keine Antwort weiß, kann ich jemanden aus unserem Team dazuholen.',
  abilitiesWithQuestions:
    'Ich beantworte Ihre Fragen, zum Beispiel: {questions} Wenn ich keine Antwort weiß, kann ich jemanden aus unserem Team dazuholen.',
};
