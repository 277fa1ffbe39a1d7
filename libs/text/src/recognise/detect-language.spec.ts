import { detectLanguage } from './detect-language.ts';

test.each([
  ['What does the warranty cover?', 'en'],
  ['how do i get a refund', 'en'],
  ['Hello', 'en'],
  ['Please send the invoice again.', 'en'],
  ['Wie kann ich mein Passwort ändern?', 'de'],
  ['Öffnungszeiten', 'de'],
  ['wann habt ihr offen', 'de'],
  ['Ich will kündigen', 'de'],
  ['Guten Tag', 'de'],
  ['¿Cuánto cuesta el envío?', 'es'],
  ['donde esta mi pedido', 'es'],
  ['Hola', 'es'],
  ['Quiero hablar con un asesor', 'es'],
  ['Où est ma commande ?', 'fr'],
  ['Je voudrais annuler mon abonnement', 'fr'],
  ['comment ca marche', 'fr'],
  ['Bonjour', 'fr'],
  ['मेरा ऑर्डर कहाँ है?', 'hi'],
  ['Parley में पासवर्ड कैसे बदलें?', 'hi'],
  ['كيف أغيّر كلمة المرور؟', 'ar'],
  ['متى يصل طلبي من Parley؟', 'ar'],
  ['چگونه رمز عبور را تغییر دهم؟', 'other'],
  ['میرا آرڈر کہاں ہے؟', 'other'],
  ['माझी ऑर्डर कुठे आहे?', 'other'],
  ['注文はどこですか。', 'other'],
  ['Где мой заказ?', 'other'],
  ['배송은 언제 오나요?', 'other'],
  ['Dove posso vedere il mio ordine?', 'other'],
  ['Quando chega o meu pedido? Não o encontro.', 'other'],
  ['Waar kan ik mijn bestelling zien?', 'other'],
  ['4711-0815', null],
  ['👍🏽', null],
  ['Parley', null],
  ['shared_buffers', null],
  ['Lampe Sofa Tisch Stuhl Regal mit', null],
  ['https://example.com/die/der/das', null],
  ['', null],
])('%s is %s', (text, language) => {
  expect(detectLanguage(text)).toBe(language);
});

test('a long text costs no more than its beginning', () => {
  const started = performance.now();
  expect(detectLanguage(`How do I reset the hub? ${'a'.repeat(5_000_000)}`)).toBe('en');
  expect(performance.now() - started).toBeLessThan(50);
});
