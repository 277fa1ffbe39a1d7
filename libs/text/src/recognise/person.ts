import { type Language, languageOf } from '../languages.ts';
import { comparable } from './words.ts';

/** A longer message asks something else as well. */
const LONGEST = 160;

const SOMEBODY =
  '(?:person|human|human being|someone|somebody|representative|rep|operator|adviser|advisor|colleague|staff member|team member|support)';
/** Words that name other things as well: only whom one talks to, or with a word that makes them a person. */
const ANYBODY =
  '(?:people|agent|staff|supervisor|manager|employee|customer service|customer support|your team)';
const WHICH =
  '(?:(?:a|an|the|your|some|any|one of your|another)\\s)?(?:(?:real|live|actual|human|service|support|customer|sales|different|proper)\\s)*';
const REAL =
  '(?:(?:a|an|the|your)\\s)?(?:real|live|actual|human|support|service)\\s(?:person|agent|human|operator|one)';
const AFTER =
  '(?=$|\\s(?:please|now|here|instead|today|asap|right|immediately|directly|to (?:talk|speak|chat|help|join|assist|answer|call|me)|who|from|at|in|about|for|on|regarding|and|or|because|thanks|thank|if)\\b)';

const DE_WHO =
  '(?:mensch(?:en)?|person|mitarbeiter(?:in|n)?|kundenberater(?:in)?|berater(?:in)?|kundenbetreuer(?:in)?|kundendienst|kundenservice|ansprechpartner(?:in)?|kollegen|kollegin|operator|sachbearbeiter(?:in)?|support|supportmitarbeiter(?:in)?|servicemitarbeiter(?:in)?|jemand(?:em|en)?|agenten)';
const DE_WHICH =
  '(?:(?:ein(?:em|en|er|e)?|ihr(?:em|en|er|e)?|eur(?:em|en|er|e)|de[mnr]|die|irgend)\\s)?(?:(?:echte[nmr]?|richtige[nmr]?|menschliche[nmr]?|andere[nmr]?|lebende[nmr]?|zustandige[nmr]?)\\s)?';
const ES_WHO =
  '(?:persona|humano|ser humano|alguien|agente|operador|operadora|asesor|asesora|representante|empleado|empleada|ejecutivo|ejecutiva|encargado|encargada)';
const ES_WHICH =
  '(?:(?:un|una|el|la|algun|alguna|otra|otro|su)\\s)?(?:(?:verdadera|verdadero|otra|otro)\\s)?';
const FR_WHO =
  '(?:personne|humain|humaine|etre humain|quelquun|conseiller|conseillere|agent|operateur|operatrice|representant|representante|collaborateur|collaboratrice|collegue|interlocuteur)';
const FR_WHICH = '(?:(?:un|une|le|la|votre)\\s)?(?:(?:vrai|vraie|autre|veritable)\\s)?';
const HI_WHO = '(?:इंसान|व्यक्ति|आदमी|मनुष्य|किसी|एजेंट|प्रतिनिधि|ऑपरेटर|कर्मचारी|सदस्य|अधिकारी|कस्टमर केयर|ग्राहक सेवा)';
const AR_WHO =
  '(?:شخص|انسان|بشر|موظف|موظفه|الموظف|ممثل|احد|مندوب|مشغل|مسوول|خدمه العملاء|الدعم|احد الموظفين|شخص حقيقي)';

/** Requests, matched against comparable words. */
const requests: Readonly<Record<Language, readonly RegExp[]>> = {
  en: [
    new RegExp(
      `\\b(?:talk|speak|chat)(?:ing)?\\s(?:directly\\s)?(?:to|with)\\s${WHICH}(?:${SOMEBODY}|${ANYBODY})${AFTER}`,
    ),
    new RegExp(
      `\\b(?:connect|transfer|put|pass|hand|forward|redirect|escalate)\\s(?:me|us|this|it)\\s(?:(?:chat|through|over|on)\\s)?(?:to|with)\\s${WHICH}(?:${SOMEBODY}|${ANYBODY})${AFTER}`,
    ),
    new RegExp(
      `\\b(?:get|give|find|send|call|bring|fetch)\\s(?:me|us)\\s(?:${WHICH}${SOMEBODY}|${REAL})${AFTER}`,
    ),
    new RegExp(
      `\\b(?:i|we|id|ill|wed|would|do)\\s(?:really\\s|just\\s|rather\\s|also\\s)?(?:want|need|like|prefer|have)\\s(?:(?:to have|to get|to see|help from|an answer from|to hear from)\\s)?(?:${WHICH}${SOMEBODY}|${REAL})${AFTER}`,
    ),
    new RegExp(
      `^(?:please\\s|can you\\s|could you\\s|would you\\s)+(?:ask|call|get|bring)\\s${WHICH}(?:${SOMEBODY})${AFTER}`,
    ),
    new RegExp(
      `^(?:please\\s)?(?:${WHICH})(?:person|human|human being|representative|operator|agent|customer service|customer support)(?:\\s(?:please|now|thanks))*$`,
    ),
    new RegExp(
      `^(?:is|are) there (?:${WHICH}(?:${SOMEBODY}|people)|${REAL}).{0,30}\\b(?:talk|speak|chat|help|here)\\b`,
    ),
  ],
  de: [
    new RegExp(
      `\\bmit\\s${DE_WHICH}${DE_WHO}\\s(?:\\S+\\s){0,3}(?:sprechen|reden|chatten|telefonieren|verbinden|verbunden|unterhalten)\\b`,
    ),
    new RegExp(`\\b(?:sprechen|reden)\\smit\\s${DE_WHICH}${DE_WHO}$`),
    new RegExp(
      `\\b(?:verbinden?|verbinde|leiten?|stellen?|geben?|gib)\\s(?:sie\\s)?(?:mich|mir|uns)\\b.{0,30}\\s${DE_WHICH}${DE_WHO}\\b`,
    ),
    new RegExp(
      `\\b(?:will|mochte|brauche|wunsche|hatte gern|hatte gerne)\\s(?:(?:bitte|gerne?|nur|jetzt|lieber|ich)\\s)*(?:einen?|eine|den|mit)\\s(?:\\S+en\\s)?${DE_WHO}(?=$|\\s(?:bitte|haben|jetzt|aus|vom|von|zum|der|die))`,
    ),
    new RegExp(
      `\\b(?:holen|rufen|fragen|schicken)\\ssie\\s(?:bitte\\s|mir\\s)*${DE_WHICH}${DE_WHO}(?=$|\\s(?:bitte|dazu|her|an))`,
    ),
    new RegExp(`^(?:bitte\\s)?${DE_WHICH}${DE_WHO}(?:\\s(?:bitte|jetzt))*$`),
  ],
  es: [
    new RegExp(
      `\\b(?:hablar|hablo|hable|comunicarme|comunicar|chatear|conversar|contactar|atienda)\\s(?:directamente\\s)?con\\s${ES_WHICH}${ES_WHO}\\b`,
    ),
    new RegExp(
      `\\b(?:paseme|pasame|pasenme|comuniqueme|comunicame|transfierame|transfiereme|conecteme|conectame|pongame|ponme)\\s(?:por favor\\s)?(?:con|a)\\s${ES_WHICH}${ES_WHO}\\b`,
    ),
    new RegExp(
      `\\b(?:quiero|necesito|prefiero|deseo|quisiera)\\s(?:a\\s|que me atienda\\s)?(?:un|una|otra|alguna)\\s${ES_WHO}(?=$|\\s(?:real|humana|humano|por|que|de verdad|ya|ahora))`,
    ),
    new RegExp(`^(?:por favor\\s)?${ES_WHICH}${ES_WHO}(?:\\s(?:real|humana|humano|por favor|ya|ahora))*$`),
  ],
  fr: [
    new RegExp(
      `\\b(?:parler|discuter|echanger|communiquer)\\s(?:directement\\s)?(?:a|avec)\\s${FR_WHICH}${FR_WHO}\\b`,
    ),
    new RegExp(
      `\\b(?:passez|passe|mettez|connectez|transferez|redirigez)\\s(?:moi|nous)\\b.{0,40}\\s${FR_WHICH}${FR_WHO}\\b`,
    ),
    new RegExp(
      `\\b(?:veux|voudrais|souhaite|prefere|aimerais|besoin)\\s(?:avoir\\s|joindre\\s|contacter\\s)?(?:un|une|dun|dune)\\s(?:vrai\\s|vraie\\s)?${FR_WHO}(?=$|\\s(?:reel|reelle|humain|humaine|svp|sil|qui|maintenant|pour))`,
    ),
    new RegExp(`\\bmettre en relation avec\\s${FR_WHICH}${FR_WHO}\\b`),
    new RegExp(
      `^${FR_WHICH}(?!personne$)${FR_WHO}(?:\\s(?:reel|reelle|humain|humaine|svp|sil vous plait|sil te plait|maintenant))*$`,
    ),
    new RegExp(`^une\\s(?:vraie\\s)?personne(?:\\s(?:reelle|humaine|svp|sil vous plait))*$`),
  ],
  hi: [
    new RegExp(
      `(?:^|\\s)${HI_WHO}\\s(?:\\S+\\s){0,3}बात(?:चीत)?\\s(?:कर|करा|करवा|करना|करनी|कराइए|करवाइए|कराओ|करवाओ|हो|चाह)`,
    ),
    new RegExp(
      `(?:^|\\s)${HI_WHO}\\s(?:(?:से|को|के साथ)\\s)?(?:जोड|जोडें|जोडिए|कनेक्ट|मिलाइए|मिलवाइए|बुलाइए|बुलाओ|बुला|चाहिए)`,
    ),
    new RegExp(`^${HI_WHO.replace('किसी|', '')}(?:\\s(?:कृपया|प्लीज))*$`),
  ],
  ar: [
    new RegExp(
      `(?:^|\\s)(?:التحدث|اتحدث|نتحدث|التكلم|اتكلم|الكلام|الحديث|التواصل|اتواصل|اكلم)\\s(?:(?:مع|الي)\\s)?(?:اي\\s)?${AR_WHO}(?=$|\\s)`,
    ),
    new RegExp(
      `(?:^|\\s)(?:حولني|حولوني|وصلني|وصلوني|اوصلني|حول المحادثه)\\s(?:(?:الي|مع|ب)\\s)?${AR_WHO}(?=$|\\s)`,
    ),
    new RegExp(
      `(?:^|\\s)(?:اريد|احتاج|اود|ابغي|بدي)\\s(?:الي\\s)?${AR_WHO}(?=$|\\s(?:حقيقي|من|الان|لمساعدتي))`,
    ),
    new RegExp(`^${AR_WHO.replace('|احد', '')}(?:\\s(?:حقيقي|من فضلك|من فضلكم|لو سمحت))*$`),
  ],
};

/** What a caller is most likely to say to be given a person. */
const usual: Readonly<Record<Language, readonly string[]>> = {
  en: ['talk to a person', 'speak to a person', 'a person', 'I want to talk to a person'],
  de: ['mit einem Menschen sprechen', 'mit einem Mitarbeiter sprechen', 'ein Mitarbeiter bitte'],
  es: ['hablar con una persona', 'hablar con un agente', 'quiero hablar con una persona'],
  fr: ['parler à une personne', 'parler à un conseiller', 'je veux parler à une personne'],
  hi: ['किसी व्यक्ति से बात करनी है', 'एजेंट से बात कराइए'],
  ar: ['التحدث مع شخص', 'أريد التحدث مع موظف'],
};

/** Whether a message asks for a person instead of an answer, in any language the product speaks. */
export function asksForPerson(text: string): boolean {
  if (text.length > LONGEST) return false;
  const said = comparable(text);
  return Object.values(requests).some((patterns) => patterns.some((pattern) => pattern.test(said)));
}

/** Usual requests of a language, for a recogniser that hears a closed list. */
export function usualPersonRequests(tag: string | null | undefined): readonly string[] {
  return usual[languageOf(tag)];
}
