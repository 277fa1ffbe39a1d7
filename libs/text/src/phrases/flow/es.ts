import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const es: Translation<typeof en> = {
  assistant: 'Asistente',
  unknown:
    'No conozco la respuesta a esa pregunta. ¿Desea que pida a una persona de nuestro equipo que se incorpore?',
  unavailable:
    'En este momento no puedo responder. ¿Desea que pida a una persona de nuestro equipo que se incorpore?',
  handoff:
    'Voy a pedir a una persona de nuestro equipo que se incorpore a esta conversación. Le responderá aquí mismo.',
  offerDeclined: 'De acuerdo. ¿Puedo ayudarle en algo más?',
  failed:
    'Algo ha fallado por mi parte. Voy a pedir a una persona de nuestro equipo que se incorpore a esta conversación.',
  noResponder:
    'En este momento no puedo responder. Voy a pedir a una persona de nuestro equipo que se incorpore a esta conversación.',
  truncated:
    'Esta respuesta se ha cortado porque era demasiado larga. Pídame que continúe o pregunte por una parte.',
  greeting: '¡Hola! ¿En qué puedo ayudarle?',
  wellbeing: 'Muy bien, gracias. ¿En qué puedo ayudarle?',
  thanks: '¡De nada! ¿Puedo ayudarle en algo más?',
  goodbye: '¡Hasta pronto! Vuelva cuando tenga alguna pregunta.',
  goAhead: 'Adelante, ¿qué desea saber?',
  acknowledgement: 'Muy bien. ¿Puedo ayudarle en algo más?',
  identity:
    'Soy {name}, un asistente digital. Hágame una pregunta; si no conozco la respuesta, puedo pedir a una persona de nuestro equipo que se incorpore.',
  abilities:
    'Respondo a sus preguntas. Si no conozco la respuesta, puedo pedir a una persona de nuestro equipo que se incorpore.',
  abilitiesWithTopics:
    'Respondo a sus preguntas, por ejemplo sobre: {topics}. Si no conozco la respuesta, puedo pedir a una persona de nuestro equipo que se incorpore.',
  abilitiesWithQuestions:
    'Respondo a sus preguntas, por ejemplo: {questions} Si no conozco la respuesta, puedo pedir a una persona de nuestro equipo que se incorpore.',
};
