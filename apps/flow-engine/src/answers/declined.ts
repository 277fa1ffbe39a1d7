import { comparable } from '@parley/text';

/** How answers say that they hold none, in the languages of the product; matched against comparable words. */
const patterns: readonly RegExp[] = [
  /\b(?:i|we) (?:do not|dont|cannot|cant|could not|couldnt|am unable to|was unable to|am not able to) (?:know|find|answer|have (?:any |enough |that |this |the )?(?:information|details))\b/,
  /\b(?:weiss|finde) ich (?:\S+ ){0,3}(?:nicht|keine)\b|\bich (?:weiss|finde|habe) (?:\S+ ){0,4}(?:nicht|keine (?:antwort|information|informationen|angaben))\b/,
  /\b(?:kann ich|ich kann) (?:\S+ ){0,6}nicht (?:beantworten|finden|sagen)\b/,
  /\bno (?:lo se|se la respuesta|conozco|encuentro|he encontrado|puedo (?:responder|contestar|encontrar)|(?:dispongo de|tengo) (?:\S+ )?(?:informacion|respuesta))\b/,
  /\bje ne (?:sais pas|connais pas|trouve pas|peux pas (?:\S+ ){0,2}(?:repondre|trouver)|dispose pas)\b|\bje nai pas (?:\S+ ){0,2}(?:d?informations?|de reponse|trouve)\b/,
  /(?:^|\s)(?:मुझे|मैं|मेरे पास) (?:\S+ ){0,6}(?:नहीं (?:पता|मालूम|जानता|दे|है)|पता नहीं|मालूम नहीं)(?:\s|$)/,
  /(?:^|\s)(?:لا (?:اعرف|اعلم|اجد|استطيع الاجابه|يمكنني الاجابه|يمكنني العثور)|لم اجد|ليس لدي (?:معلومات|اجابه)|ليست لدي (?:معلومات|اجابه))(?:\s|$)/,
];

/** Whether a model's answer says that it does not know: then it has offered a person. */
export function saysItDoesNotKnow(answer: string): boolean {
  const said = comparable(answer);
  return patterns.some((pattern) => pattern.test(said));
}
