import { languages } from '../languages.ts';
import { acceptsOffer, consentOf, consentWordings, declinesOffer, usualConsents } from './consent.ts';
import { asksForPerson, usualPersonRequests } from './person.ts';
import { asksToRepeat, usualRepeatRequests } from './repeat.ts';

describe('yes and no', () => {
  test.each([
    ['Yes.', 'yes'],
    ['Yes, please!', 'yes'],
    ['yes pls do', null],
    ['YESSS', 'yes'],
    ['ok thanks', 'yes'],
    ['That would be great, thank you very much', 'yes'],
    ['No, thank you.', 'no'],
    ['Please don’t', 'no'],
    ['Ja, gerne 👍', 'yes'],
    ['In Ordnung, vielen Dank.', 'yes'],
    ['Nein danke', 'no'],
    ['¡Sí, por favor!', 'yes'],
    ['no hace falta, gracias', 'no'],
    ['D’accord, merci', 'yes'],
    ["ce n'est pas nécessaire", 'no'],
    ['जी हाँ, कृपया।', 'yes'],
    ['हां', 'yes'],
    ['नहीं, धन्यवाद', 'no'],
    ['نَعَم، مِن فضلك', 'yes'],
    ['لا مانع', 'yes'],
    ['لا، شكرًا', 'no'],
    ['Yes, but first tell me what it costs.', null],
    ['No, how do I reset it?', null],
    ['yes no', null],
    ['Okay, and when do you open?', null],
    ['👍', null],
    ['', null],
  ])('%s means %s', (text, meaning) => {
    expect(consentOf(text)).toBe(meaning);
  });

  test('every wording means what it stands under, in whatever language it is read', () => {
    for (const { text, meaning } of consentWordings) expect([text, consentOf(text)]).toEqual([text, meaning]);
    for (const language of languages) {
      const { yes, no } = usualConsents(language);
      expect([...yes, ...no].map(consentOf)).toEqual(['yes', 'yes', 'no', 'no']);
    }
  });

  test('a please alone accepts an offer, and agrees to nothing else', () => {
    for (const text of ['please', 'Bitte!', 'por favor', 'S’il vous plaît', 'कृपया', 'من فضلك']) {
      expect([text, acceptsOffer(text), declinesOffer(text), consentOf(text)]).toEqual([
        text,
        true,
        false,
        null,
      ]);
    }
    expect(acceptsOffer('please no')).toBe(false);
    expect(acceptsOffer('thanks')).toBe(false);
  });
});

describe('a request for a person', () => {
  test.each([
    ['I want to talk to a person'],
    ['human please'],
    ['Can I speak with a representative?'],
    ['talk to someone from your team'],
    ['please connect me with a real person'],
    ['I would rather chat with an agent'],
    ["I'd like to speak to somebody about my bill"],
    ['get me a human now!!'],
    ['I need a human'],
    ['Could you ask a colleague to join?'],
    ['operator'],
    ['Is there a real person I can talk to?'],
    ['Ich möchte mit einem Menschen sprechen.'],
    ['Kann ich bitte mit jemandem reden?'],
    ['Verbinden Sie mich mit einem Mitarbeiter'],
    ['Mitarbeiter bitte'],
    ['ich brauche einen Ansprechpartner'],
    ['Quiero hablar con una persona real'],
    ['Páseme con un asesor, por favor'],
    ['necesito un agente'],
    ['Je voudrais parler à quelqu’un'],
    ['Passez-moi un conseiller'],
    ['un humain svp'],
    ['मुझे किसी व्यक्ति से बात करनी है'],
    ['क्या मैं किसी इंसान से बात कर सकता हूँ?'],
    ['एजेंट से जोड़ें'],
    ['أريد التحدث مع شخص حقيقي'],
    ['هل يمكنني أن أتكلم مع أحد؟'],
    ['حولني إلى موظف'],
  ])('%s', (text) => {
    expect(asksForPerson(text)).toBe(true);
  });

  test.each([
    ['How can someone reset the hub?'],
    ['Can people see my profile?'],
    ['How do I give a person access to a space?'],
    ['When does the agent hand a conversation to a person?'],
    ['I need an agent with a model. How do I create it?'],
    ['Can I call the API from a human resources system?'],
    ['What does the operator need to configure?'],
    ['How many people can join a room?'],
    ['Wie lege ich eine Person als Kontakt an?'],
    ['Wie viele Mitarbeiter haben Sie?'],
    ['¿Cuántas personas caben en la sala?'],
    ['Combien de personnes travaillent ici ?'],
    ['Personne ne répond'],
    ['व्यक्ति का नाम कैसे बदलें?'],
    ['كم عدد الموظفين لديكم؟'],
    ['yes'],
    [`talk to a person ${'about this and that '.repeat(20)}`],
  ])('%s is none', (text) => {
    expect(asksForPerson(text)).toBe(false);
  });
});

test('what a recogniser is told to listen for is understood', () => {
  for (const language of languages) {
    for (const text of usualPersonRequests(language))
      expect([text, asksForPerson(text)]).toEqual([text, true]);
    for (const text of usualRepeatRequests(language))
      expect([text, asksToRepeat(text)]).toEqual([text, true]);
  }
  expect(asksToRepeat('Can you repeat that?')).toBe(true);
  expect(asksToRepeat('How do I repeat a question?')).toBe(false);
});
