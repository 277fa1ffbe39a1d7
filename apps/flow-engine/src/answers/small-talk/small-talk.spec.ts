import { questionIn, readSmallTalk } from './small-talk.ts';

const read = (text: string): [string, string, boolean] | null => {
  const found = readSmallTalk(text, 'Ada Lovelace');
  return found && [found.kind, found.languages[0] ?? '', found.exact];
};

test.each([
  ['Hi', 'greeting', ''],
  ['Hello!!! 👋', 'greeting', 'en'],
  ['hellooo', 'greeting', 'en'],
  ['Good morning, Ada', 'greeting', 'en'],
  ['Hi there :)', 'greeting', 'en'],
  ['Hey Ada Lovelace, how are you today?', 'wellbeing', 'en'],
  ["What's up", 'wellbeing', 'en'],
  ['Thanks a lot for your help!', 'thanks', 'en'],
  ['THANK YOU SO MUCH 🙏🙏', 'thanks', 'en'],
  ['ok thx', 'thanks', 'en'],
  ['Great, thank you. Bye!', 'goodbye', 'en'],
  ['Have a nice day', 'goodbye', 'en'],
  ['who are you?', 'identity', 'en'],
  ['Hello, are you a real person?', 'identity', 'en'],
  ['what can you do', 'abilities', 'en'],
  ['Help!', 'abilities', 'en'],
  ['Okay.', 'acknowledgement', 'en'],
  ['Yes', 'yes', ''],
  ['No, thanks', 'no', ''],
  ['Guten Tag', 'greeting', 'de'],
  ['Grüß Gott zusammen', 'greeting', 'de'],
  ['Wie geht’s dir?', 'wellbeing', 'de'],
  ['Vielen Dank für die schnelle Antwort', 'thanks', 'de'],
  ['Tschüss und danke', 'goodbye', 'de'],
  ['Wer bist du', 'identity', 'de'],
  ['Was kannst du alles?', 'abilities', 'de'],
  ['Alles klar', 'acknowledgement', 'de'],
  ['¡Hola! ¿Qué tal?', 'greeting', 'es'],
  ['buenos dias', 'greeting', 'es'],
  ['¿Cómo está usted?', 'wellbeing', 'es'],
  ['Muchas gracias por su ayuda', 'thanks', 'es'],
  ['Adiós, hasta luego', 'goodbye', 'es'],
  ['¿Quién eres?', 'identity', 'es'],
  ['¿En qué puedes ayudarme?', 'abilities', 'es'],
  ['Bonjour !', 'greeting', 'fr'],
  ['ca va ?', 'wellbeing', 'fr'],
  ['Merci beaucoup pour votre aide', 'thanks', 'fr'],
  ['Au revoir, bonne journée', 'goodbye', 'fr'],
  ['Qui êtes-vous ?', 'identity', 'fr'],
  ["Qu'est-ce que tu peux faire ?", 'abilities', 'fr'],
  ['नमस्ते 🙏', 'greeting', 'hi'],
  ['आप कैसे हैं?', 'wellbeing', 'hi'],
  ['बहुत-बहुत धन्यवाद!', 'thanks', 'hi'],
  ['फिर मिलेंगे', 'goodbye', 'hi'],
  ['आप कौन हैं?', 'identity', 'hi'],
  ['आप क्या कर सकते हैं?', 'abilities', 'hi'],
  ['aap kaun hain', 'identity', 'hi'],
  ['السلام عليكم', 'greeting', 'ar'],
  ['كيف حالك؟', 'wellbeing', 'ar'],
  ['شُكرًا جَزيلًا لكم', 'thanks', 'ar'],
  ['مع السلامة', 'goodbye', 'ar'],
  ['من أنت؟', 'identity', 'ar'],
  ['ماذا يمكنك أن تفعل؟', 'abilities', 'ar'],
  ['👋', 'greeting', ''],
  ['👍🏽', 'acknowledgement', ''],
  ['❤️🙏', 'thanks', ''],
])('%s is %s', (text, kind, language) => {
  const found = read(text);
  expect(found?.slice(0, 1)).toEqual([kind]);
  if (language !== '') expect(readSmallTalk(text, 'Ada Lovelace')?.languages).toContain(language);
  expect(found?.[2]).toBe(true);
});

test.each([
  ['thnaks', 'thanks'],
  ['Helo', 'greeting'],
  ['goood mornign', 'greeting'],
  ['bonjuor', 'greeting'],
  ['gracais', 'thanks'],
  ['vielen dnak', 'thanks'],
  ['what can yuo do', 'abilities'],
])('%s is %s with a typing mistake', (text, kind) => {
  expect(read(text)).toEqual([kind, expect.anything(), false]);
});

test.each([
  ['Hi, what are your opening hours?'],
  ['Thanks, and how do I undo it?'],
  ['How do I say thanks to a colleague?'],
  ['Who are you working with?'],
  ['What can you do about refunds?'],
  ['Help me reset the hub'],
  ['Hello world program'],
  ['Thanksgiving opening hours'],
  ['Is the goodbye message configurable?'],
  ['ok what about the price'],
  ['Danke, aber wie geht das?'],
  ['Gute Nacht-Modus einschalten'],
  ['Guten Tag, wo ist meine Bestellung?'],
  ['gracias por nada, ¿dónde está mi pedido?'],
  ['Bonjour, où est ma commande ?'],
  ['नमस्ते, मेरा ऑर्डर कहाँ है?'],
  ['مرحبا، أين طلبي؟'],
  ['What is Parley?'],
  ['4711'],
  ['😡'],
  ['?'],
  [''],
])('%s is none', (text) => {
  expect(read(text)).toBeNull();
});

test.each([
  ['Hi, what are your opening hours?', 'what are your opening hours?'],
  ['Hello Ada! How do I reset the hub? Thanks in advance. Bye', 'How do I reset the hub? Thanks in advance.'],
  ['Hi how do I reset the hub', 'how do I reset the hub'],
  ['Good morning everyone when do you open', 'when do you open'],
  ['What is Parley? Thank you!', 'What is Parley?'],
  ['Guten Tag, wo ist meine Bestellung? Vielen Dank', 'wo ist meine Bestellung?'],
  ['नमस्ते, मेरा ऑर्डर कहाँ है?', 'मेरा ऑर्डर कहाँ है?'],
  ['مرحبا، أين طلبي؟', 'أين طلبي؟'],
  ['How does version 2.5 work?', 'How does version 2.5 work?'],
  ['Thanks!', ''],
  ['Hi', ''],
])('%s asks "%s"', (text, question) => {
  expect(questionIn(text, 'Ada')).toBe(question);
});

test('a long message costs little', () => {
  const started = performance.now();
  for (let round = 0; round < 50; round += 1) {
    readSmallTalk('hallp wrold what is thsi', 'Ada');
    questionIn(`Hello, ${'what is this, '.repeat(200)}`, 'Ada');
  }
  expect(performance.now() - started).toBeLessThan(1500);
});
