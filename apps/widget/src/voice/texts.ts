import type { Phase } from './call.ts';
import type { Problem } from './problems.ts';

/** What a call says by itself, in one language. */
export interface CallTexts {
  call: string;
  phases: Record<Exclude<Phase, 'failed'>, string>;
  you: string;
  mute: string;
  unmute: string;
  muted: string;
  microphone: string;
  hangUp: string;
  cancel: string;
  sound: string;
  unheard: string;
  speak: string;
  again: string;
  dismiss: string;
  /** What is wrong, and what to do. */
  problems: Record<Problem, [string, string]>;
}

const en: CallTexts = {
  call: 'Voice call',
  phases: {
    connecting: 'Connecting…',
    listening: 'Listening',
    thinking: 'Thinking…',
    speaking: 'Speaking',
    reconnecting: 'Reconnecting…',
    searching: 'Getting the assistant back…',
    ended: 'Call ended',
  },
  you: 'You',
  mute: 'Mute',
  unmute: 'Unmute',
  muted: 'Your microphone is off.',
  microphone: 'Microphone',
  hangUp: 'Hang up',
  cancel: 'Cancel',
  sound: 'Turn sound on',
  unheard: 'Your microphone gives no sound. Check that it is plugged in and switched on, or type.',
  speak: 'Connected. You can speak now.',
  again: 'Call again',
  dismiss: 'Dismiss',
  problems: {
    insecure: [
      'Calls do not work on this page.',
      'A browser gives the microphone only to pages with https://.',
    ],
    denied: [
      'The microphone is blocked.',
      'Allow it with the symbol beside the page’s address, then call again.',
    ],
    noMicrophone: ['No microphone was found.', 'Plug one in, or write instead.'],
    busyMicrophone: [
      'The microphone could not be opened.',
      'Another program may be using it. Close that program, then call again.',
    ],
    unavailable: ['Calls are not possible just now.', 'Write instead, or call again later.'],
    unreachable: [
      'The call could not be connected.',
      'Check your connection. In some company networks calls are blocked: then write instead.',
    ],
    noAnswer: ['Nobody answered the call.', 'Call again in a moment, or write instead.'],
    agentLost: [
      'The assistant’s connection was lost.',
      'Nothing that was said is gone: call again, or write.',
    ],
    connectionLost: ['The connection was lost.', 'Check your network, then call again, or go on in writing.'],
    elsewhere: ['The call goes on in another window.', 'Go there, or call again from here.'],
    failed: ['The call could not begin.', 'Call again, or write instead.'],
  },
};

const de: CallTexts = {
  call: 'Anruf',
  phases: {
    connecting: 'Verbinde…',
    listening: 'Hört zu',
    thinking: 'Denkt nach…',
    speaking: 'Spricht',
    reconnecting: 'Verbinde neu…',
    searching: 'Der Assistent wird zurückgeholt…',
    ended: 'Anruf beendet',
  },
  you: 'Sie',
  mute: 'Stumm',
  unmute: 'Ton an',
  muted: 'Ihr Mikrofon ist aus.',
  microphone: 'Mikrofon',
  hangUp: 'Auflegen',
  cancel: 'Abbrechen',
  sound: 'Ton einschalten',
  unheard:
    'Von Ihrem Mikrofon kommt kein Ton. Prüfen Sie, ob es angeschlossen und eingeschaltet ist, oder schreiben Sie.',
  speak: 'Verbunden. Sie können jetzt sprechen.',
  again: 'Erneut anrufen',
  dismiss: 'Schließen',
  problems: {
    insecure: [
      'Anrufe gehen auf dieser Seite nicht.',
      'Ein Browser gibt das Mikrofon nur Seiten mit https:// frei.',
    ],
    denied: [
      'Das Mikrofon ist gesperrt.',
      'Erlauben Sie es mit dem Zeichen neben der Adresse der Seite und rufen Sie erneut an.',
    ],
    noMicrophone: ['Es wurde kein Mikrofon gefunden.', 'Schließen Sie eines an, oder schreiben Sie.'],
    busyMicrophone: [
      'Das Mikrofon ließ sich nicht öffnen.',
      'Vielleicht benutzt es ein anderes Programm. Schließen Sie es und rufen Sie erneut an.',
    ],
    unavailable: ['Anrufe sind gerade nicht möglich.', 'Schreiben Sie, oder rufen Sie später an.'],
    unreachable: [
      'Der Anruf kam nicht zustande.',
      'Prüfen Sie Ihre Verbindung. Manche Firmennetze sperren Anrufe: dann schreiben Sie.',
    ],
    noAnswer: ['Niemand hat abgenommen.', 'Rufen Sie gleich noch einmal an, oder schreiben Sie.'],
    agentLost: [
      'Die Verbindung des Assistenten ist verloren.',
      'Nichts Gesagtes ist fort: Rufen Sie erneut an, oder schreiben Sie.',
    ],
    connectionLost: [
      'Die Verbindung ist verloren.',
      'Prüfen Sie Ihr Netz und rufen Sie erneut an, oder schreiben Sie.',
    ],
    elsewhere: [
      'Der Anruf läuft in einem anderen Fenster.',
      'Gehen Sie dorthin, oder rufen Sie hier erneut an.',
    ],
    failed: ['Der Anruf konnte nicht beginnen.', 'Rufen Sie erneut an, oder schreiben Sie.'],
  },
};

const fr: CallTexts = {
  call: 'Appel vocal',
  phases: {
    connecting: 'Connexion…',
    listening: 'À l’écoute',
    thinking: 'Réfléchit…',
    speaking: 'Parle',
    reconnecting: 'Reconnexion…',
    searching: 'Nous rappelons l’assistant…',
    ended: 'Appel terminé',
  },
  you: 'Vous',
  mute: 'Muet',
  unmute: 'Micro',
  muted: 'Votre micro est coupé.',
  microphone: 'Micro',
  hangUp: 'Raccrocher',
  cancel: 'Annuler',
  sound: 'Activer le son',
  unheard: 'Votre micro ne donne aucun son. Vérifiez qu’il est branché et allumé, ou écrivez.',
  speak: 'Connecté. Vous pouvez parler.',
  again: 'Rappeler',
  dismiss: 'Fermer',
  problems: {
    insecure: [
      'Les appels ne marchent pas sur cette page.',
      'Un navigateur ne donne le micro qu’aux pages en https://.',
    ],
    denied: [
      'Le micro est bloqué.',
      'Autorisez-le avec le symbole à côté de l’adresse de la page, puis rappelez.',
    ],
    noMicrophone: ['Aucun micro n’a été trouvé.', 'Branchez-en un, ou écrivez.'],
    busyMicrophone: [
      'Le micro n’a pas pu être ouvert.',
      'Un autre programme l’utilise peut-être. Fermez-le, puis rappelez.',
    ],
    unavailable: ['Les appels ne sont pas possibles pour le moment.', 'Écrivez, ou rappelez plus tard.'],
    unreachable: [
      'L’appel n’a pas abouti.',
      'Vérifiez votre connexion. Certains réseaux d’entreprise bloquent les appels : écrivez alors.',
    ],
    noAnswer: ['Personne n’a répondu.', 'Rappelez dans un instant, ou écrivez.'],
    agentLost: [
      'La connexion de l’assistant est perdue.',
      'Rien de ce qui a été dit n’est perdu : rappelez, ou écrivez.',
    ],
    connectionLost: [
      'La connexion est perdue.',
      'Vérifiez votre réseau, puis rappelez, ou continuez par écrit.',
    ],
    elsewhere: ['L’appel continue dans une autre fenêtre.', 'Allez-y, ou rappelez d’ici.'],
    failed: ['L’appel n’a pas pu commencer.', 'Rappelez, ou écrivez.'],
  },
};

const es: CallTexts = {
  call: 'Llamada de voz',
  phases: {
    connecting: 'Conectando…',
    listening: 'Escucha',
    thinking: 'Piensa…',
    speaking: 'Habla',
    reconnecting: 'Reconectando…',
    searching: 'Recuperando al asistente…',
    ended: 'Llamada terminada',
  },
  you: 'Usted',
  mute: 'Silenciar',
  unmute: 'Activar',
  muted: 'Su micrófono está apagado.',
  microphone: 'Micrófono',
  hangUp: 'Colgar',
  cancel: 'Cancelar',
  sound: 'Activar el sonido',
  unheard: 'Su micrófono no da sonido. Compruebe que está conectado y encendido, o escriba.',
  speak: 'Conectado. Ya puede hablar.',
  again: 'Llamar de nuevo',
  dismiss: 'Cerrar',
  problems: {
    insecure: [
      'Las llamadas no funcionan en esta página.',
      'El navegador solo da el micrófono a páginas con https://.',
    ],
    denied: [
      'El micrófono está bloqueado.',
      'Permítalo con el símbolo junto a la dirección de la página y llame de nuevo.',
    ],
    noMicrophone: ['No se encontró ningún micrófono.', 'Conecte uno, o escriba.'],
    busyMicrophone: [
      'No se pudo abrir el micrófono.',
      'Quizá lo usa otro programa. Ciérrelo y llame de nuevo.',
    ],
    unavailable: ['Ahora no es posible llamar.', 'Escriba, o llame más tarde.'],
    unreachable: [
      'No se pudo establecer la llamada.',
      'Compruebe su conexión. Algunas redes de empresa bloquean las llamadas: entonces escriba.',
    ],
    noAnswer: ['Nadie contestó.', 'Llame de nuevo en un momento, o escriba.'],
    agentLost: [
      'Se perdió la conexión del asistente.',
      'Nada de lo dicho se ha perdido: llame de nuevo, o escriba.',
    ],
    connectionLost: ['Se perdió la conexión.', 'Compruebe su red y llame de nuevo, o siga por escrito.'],
    elsewhere: ['La llamada sigue en otra ventana.', 'Vaya allí, o llame de nuevo desde aquí.'],
    failed: ['La llamada no pudo empezar.', 'Llame de nuevo, o escriba.'],
  },
};

const languages: Readonly<Record<string, CallTexts>> = { en, de, fr, es };

/** The texts of a language; English where it is not there. */
export function callTexts(lang: string): CallTexts {
  return languages[lang] ?? en;
}
