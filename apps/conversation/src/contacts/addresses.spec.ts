import { addressOf, normalizeEmail, normalizePhone, phoneDigitsOf } from './addresses.ts';

test.each([
  '+1 (212) 555-0142',
  '+12125550142',
  'tel:+12125550142',
  'TEL:+1-212-555-0142;ext=5',
  ' +1.212.555.0142 ',
  '\u202a+1 212 555 0142\u202c',
  '＋１２１２５５５０１４２',
])('%j is one number', (value) => {
  expect(normalizePhone(value)).toBe('+12125550142');
});

test.each([
  '',
  'anonymous',
  'restricted',
  'unavailable',
  '+266696687',
  '+7378742833',
  '+86282452253',
  '+2562533',
  '+8656696',
  '(212) 555-0142',
  '12125550142',
  '+1212555',
  'sip:+12125550142@example.org',
  'client:ada',
  '+1212555014212345678',
  'call +12125550142 now',
])('%j is no number that identifies anybody', (value) => {
  expect(normalizePhone(value)).toBeNull();
});

test('an e-mail address is compared without case and composition', () => {
  expect(normalizeEmail(' Ada@Example.ORG ')).toBe('ada@example.org');
  expect(normalizeEmail('mailto:zoe\u0308@example.org')).toBe('zo\u00eb@example.org');
  expect(normalizeEmail('ada at example.org')).toBeNull();
  expect(normalizeEmail('ada@home@example.org')).toBeNull();
});

test('identities that hold for one provider alone are no addresses', () => {
  expect(addressOf('whatsapp', '491701234567')).toEqual({ type: 'phone', value: '+491701234567' });
  for (const type of ['custom', 'messenger', 'visitor']) expect(addressOf(type, '+12125550142')).toBeNull();
});

test('a search finds numbers by their digits', () => {
  expect(phoneDigitsOf('(212) 555-01')).toBe('21255501');
  expect(phoneDigitsOf('tel:+1-212')).toBe('1212');
  expect(phoneDigitsOf('12')).toBeNull();
  expect(phoneDigitsOf('room 212')).toBeNull();
});
