import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const es: Translation<typeof en> = {
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
};
