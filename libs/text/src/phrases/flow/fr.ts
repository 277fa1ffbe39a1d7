import type { Translation } from '../phrase.ts';
import type { en } from './en.ts';

export const fr: Translation<typeof en> = {
  assistant: 'Assistant',
  unknown:
    'Je ne connais pas la réponse à cette question. Souhaitez-vous que je demande à une personne de notre équipe de nous rejoindre ?',
  unavailable:
    'Je ne peux pas répondre pour le moment. Souhaitez-vous que je demande à une personne de notre équipe de nous rejoindre ?',
  handoff:
    'Je demande à une personne de notre équipe de rejoindre cette conversation. Elle vous répondra ici.',
  offerDeclined: 'D’accord. Puis-je vous aider pour autre chose ?',
  failed:
    'Un problème est survenu de mon côté. Je demande à une personne de notre équipe de rejoindre cette conversation.',
  noResponder:
    'Je ne peux pas répondre pour le moment. Je demande à une personne de notre équipe de rejoindre cette conversation.',
  truncated:
    'Cette réponse a été coupée parce qu’elle devenait trop longue. Demandez-moi de continuer, ou interrogez-moi sur une partie.',
  greeting: 'Bonjour ! Comment puis-je vous aider ?',
  wellbeing: 'Je vais bien, merci. Comment puis-je vous aider ?',
  thanks: 'Je vous en prie ! Puis-je vous aider pour autre chose ?',
  goodbye: 'Au revoir ! Revenez quand vous aurez une question.',
  goAhead: 'Je vous écoute : que souhaitez-vous savoir ?',
  acknowledgement: 'Très bien. Puis-je vous aider pour autre chose ?',
  identity:
    'Je suis {name}, un assistant numérique. Posez-moi une question ; si je ne connais pas la réponse, je peux demander à une personne de notre équipe de nous rejoindre.',
  abilities:
    'Je réponds à vos questions. Si je ne connais pas la réponse, je peux demander à une personne de notre équipe de nous rejoindre.',
  abilitiesWithTopics:
    'Je réponds à vos questions, par exemple sur : {topics}. Si je ne connais pas la réponse, je peux demander à une personne de notre équipe de nous rejoindre.',
  abilitiesWithQuestions:
    'Je réponds à vos questions, par exemple : {questions} Si je ne connais pas la réponse, je peux demander à une personne de notre équipe de nous rejoindre.',
};
