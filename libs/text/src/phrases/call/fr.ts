import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const fr: Translation<typeof en> = {
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
};
