import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const de: Translation<typeof en> = {
  open: 'Chat öffnen',
  close: 'Chat schließen',
  title: 'Schreiben Sie uns',
  welcome: 'Wobei können wir Ihnen helfen?',
  message: 'Nachricht',
  placeholder: 'Nachricht schreiben…',
  send: 'Senden',
  conversation: 'Unterhaltung',
  suggestions: 'Vorgeschlagene Fragen',
  sources: 'Quellen',
  you: 'Sie schrieben:',
  writing: '{name} schreibt…',
  online: 'Online',
  connecting: 'Verbindung wird hergestellt…',
  offline: 'Keine Verbindung. Neuer Versuch…',
  refused: 'Der Chat ist auf dieser Seite nicht verfügbar.',
  notSent: 'Nicht gesendet.',
  again: 'Erneut senden',
  person: 'Hier antwortet Ihnen ein Mensch.',
  agentAgain: 'Der Assistent antwortet wieder.',
  closed: 'Diese Unterhaltung wurde beendet. Schreiben Sie, um eine neue zu beginnen.',
  talk: 'Sprechen',
  startCall: 'Sprechen: Anruf beginnen',
  callNotLoaded:
    'Der Anruf konnte nicht geladen werden. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.',
  callEnded: 'Anruf, {time}',
  openInCall: 'Chat öffnen. Ein Anruf läuft',
  cut: 'Von Ihnen unterbrochen',
};
