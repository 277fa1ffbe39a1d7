/** What the widget says by itself, in one language. */
export interface Texts {
  open: string;
  close: string;
  title: string;
  welcome: string;
  message: string;
  placeholder: string;
  send: string;
  conversation: string;
  suggestions: string;
  sources: string;
  you: string;
  writing: string;
  online: string;
  connecting: string;
  offline: string;
  refused: string;
  notSent: string;
  again: string;
  person: string;
  agentAgain: string;
  closed: string;
  talk: string;
  startCall: string;
  callNotLoaded: string;
  /** `{time}` stands for its length. */
  callEnded: string;
  openInCall: string;
  cut: string;
}

const en: Texts = {
  open: 'Open chat',
  close: 'Close chat',
  title: 'Chat with us',
  welcome: 'What can we help you with?',
  message: 'Message',
  placeholder: 'Write a message…',
  send: 'Send',
  conversation: 'Conversation',
  suggestions: 'Suggested questions',
  sources: 'Sources',
  you: 'You said:',
  writing: 'is writing…',
  online: 'Online',
  connecting: 'Connecting…',
  offline: 'No connection. Trying again…',
  refused: 'The chat is not available on this page.',
  notSent: 'Not sent.',
  again: 'Try again',
  person: 'A person will answer you here.',
  agentAgain: 'The assistant answers again.',
  closed: 'This conversation was closed. Write to begin a new one.',
  talk: 'Talk',
  startCall: 'Talk: start a voice call',
  callNotLoaded: 'The call could not be loaded. Check your connection and try again.',
  callEnded: 'Voice call, {time}',
  openInCall: 'Open chat. A call is going on',
  cut: 'Cut off by you',
};

const de: Texts = {
  open: 'Chat öffnen',
  close: 'Chat schließen',
  title: 'Schreiben Sie uns',
  welcome: 'Wobei können wir helfen?',
  message: 'Nachricht',
  placeholder: 'Nachricht schreiben…',
  send: 'Senden',
  conversation: 'Unterhaltung',
  suggestions: 'Vorgeschlagene Fragen',
  sources: 'Quellen',
  you: 'Sie schrieben:',
  writing: 'schreibt…',
  online: 'Online',
  connecting: 'Verbindung wird hergestellt…',
  offline: 'Keine Verbindung. Neuer Versuch…',
  refused: 'Der Chat ist auf dieser Seite nicht verfügbar.',
  notSent: 'Nicht gesendet.',
  again: 'Erneut senden',
  person: 'Ein Mensch antwortet Ihnen hier.',
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

const fr: Texts = {
  open: 'Ouvrir la discussion',
  close: 'Fermer la discussion',
  title: 'Écrivez-nous',
  welcome: 'Comment pouvons-nous vous aider ?',
  message: 'Message',
  placeholder: 'Écrire un message…',
  send: 'Envoyer',
  conversation: 'Conversation',
  suggestions: 'Questions suggérées',
  sources: 'Sources',
  you: 'Vous avez écrit :',
  writing: 'écrit…',
  online: 'En ligne',
  connecting: 'Connexion…',
  offline: 'Pas de connexion. Nouvel essai…',
  refused: 'La discussion n’est pas disponible sur cette page.',
  notSent: 'Non envoyé.',
  again: 'Réessayer',
  person: 'Une personne vous répondra ici.',
  agentAgain: 'L’assistant répond de nouveau.',
  closed: 'Cette conversation est terminée. Écrivez pour en commencer une autre.',
  talk: 'Parler',
  startCall: 'Parler : commencer un appel',
  callNotLoaded: 'L’appel n’a pas pu être chargé. Vérifiez votre connexion et réessayez.',
  callEnded: 'Appel vocal, {time}',
  openInCall: 'Ouvrir la discussion. Un appel est en cours',
  cut: 'Vous avez interrompu',
};

const es: Texts = {
  open: 'Abrir el chat',
  close: 'Cerrar el chat',
  title: 'Escríbanos',
  welcome: '¿En qué podemos ayudarle?',
  message: 'Mensaje',
  placeholder: 'Escriba un mensaje…',
  send: 'Enviar',
  conversation: 'Conversación',
  suggestions: 'Preguntas sugeridas',
  sources: 'Fuentes',
  you: 'Usted escribió:',
  writing: 'está escribiendo…',
  online: 'En línea',
  connecting: 'Conectando…',
  offline: 'Sin conexión. Nuevo intento…',
  refused: 'El chat no está disponible en esta página.',
  notSent: 'No enviado.',
  again: 'Reintentar',
  person: 'Una persona le responderá aquí.',
  agentAgain: 'El asistente vuelve a responder.',
  closed: 'Esta conversación se cerró. Escriba para empezar otra.',
  talk: 'Hablar',
  startCall: 'Hablar: iniciar una llamada',
  callNotLoaded: 'No se pudo cargar la llamada. Compruebe su conexión e inténtelo de nuevo.',
  callEnded: 'Llamada de voz, {time}',
  openInCall: 'Abrir el chat. Hay una llamada en curso',
  cut: 'Interrumpido por usted',
};

const languages: Readonly<Record<string, Texts>> = { en, de, fr, es };

/** The texts of the first language that is spoken, else English; `lang` says which. */
export function textsOf(wanted: readonly (string | null | undefined)[]): { lang: string; texts: Texts } {
  for (const tag of wanted) {
    const lang = tag?.toLowerCase().split('-')[0] ?? '';
    const texts = Object.hasOwn(languages, lang) ? languages[lang] : undefined;
    if (texts) return { lang, texts };
  }
  return { lang: 'en', texts: en };
}
