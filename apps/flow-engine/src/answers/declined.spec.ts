import { flowPhrases, languages } from '@parley/text';
import { saysItDoesNotKnow } from './declined.ts';

test.each([
  ['I don’t know that. Shall I ask a person?'],
  ['Sorry, I could not find this in the documents.'],
  ['I do not have any information about that.'],
  ['Das weiß ich leider nicht. Soll ich jemanden fragen?'],
  ['Ich kann diese Frage leider nicht beantworten.'],
  ['Dazu habe ich nichts; ich habe dazu keine Informationen.'],
  ['Lo siento, no conozco la respuesta.'],
  ['No dispongo de esa información.'],
  ['Je ne sais pas, désolé.'],
  ['Je n’ai pas d’information à ce sujet.'],
  ['मुझे इसके बारे में जानकारी नहीं है।'],
  ['عذرًا، لا أعرف الإجابة.'],
])('%s', (answer) => {
  expect(saysItDoesNotKnow(answer)).toBe(true);
});

test.each([
  ['Hold the button for ten seconds.'],
  ['If you do not know your password, choose a new one.'],
  ['Wenn Sie es nicht finden, rufen Sie an.'],
  ['No es necesario pagar.'],
  ['Je vous envoie la réponse.'],
  ['आप इसे सेटिंग में बदल सकते हैं।'],
  ['يمكنكم تغييرها في الإعدادات.'],
])('%s is an answer', (answer) => {
  expect(saysItDoesNotKnow(answer)).toBe(false);
});

test('the catalogue’s own sentence is understood in every language', () => {
  for (const language of languages) expect(saysItDoesNotKnow(flowPhrases[language].unknown)).toBe(true);
});
