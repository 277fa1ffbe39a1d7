import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** What identifies one contact of a space on every channel. */
export interface Address {
  type: 'phone' | 'email';
  value: string;
}

/**
 * What carriers send in place of a number that is withheld: ANONYMOUS, RESTRICTED, UNAVAILABLE, BLOCKED and UNKNOWN on
 * the keys of a telephone. Some have the form of a number.
 */
const withheldNumbers: ReadonlySet<string> = new Set([
  '+266696687',
  '+7378742833',
  '+86282452253',
  '+2562533',
  '+8656696',
]);

/** Format characters: copied along with numbers and addresses, and seen by nobody. */
const invisible = /\p{Cf}/gu;

/** Text as it is stored and compared: Unicode NFC, without invisible characters at all and spaces around it. */
export function normalizeText(text: string): string {
  return text.normalize('NFC').replace(invisible, '').trim();
}

/** A phone number in E.164; null for what is none, is withheld, or lacks its country code. */
export function normalizePhone(value: string): string | null {
  const text = value.normalize('NFKC').replace(invisible, '').trim();
  const [digits = ''] = text.replace(/^tel:/iu, '').split(';');
  const parsed = parsePhoneNumberFromString(digits, { extract: false });
  return parsed?.isPossible() === true && !withheldNumbers.has(parsed.number) ? parsed.number : null;
}

/** An e-mail address in lower case; null for what is none. */
export function normalizeEmail(value: string): string | null {
  const text = normalizeText(value)
    .replace(/^mailto:/iu, '')
    .toLowerCase()
    .normalize('NFC');
  return /^[^\s@]+@[^\s@]+$/u.test(text) ? text : null;
}

/** The address that an identity is, in the one form in which it is stored; null for an identity of another kind. */
export function addressOf(type: string, value: string): Address | null {
  if (type === 'email') {
    const email = normalizeEmail(value);
    return email === null ? null : { type: 'email', value: email };
  }
  // WhatsApp knows its people by their numbers, without the plus sign.
  const phone =
    type === 'phone' ? normalizePhone(value) : type === 'whatsapp' ? normalizePhone(`+${value}`) : null;
  return phone === null ? null : { type: 'phone', value: phone };
}

/** What an address looks like in the words of a search: the digits of a number, however it is written. */
export function searchedDigits(words: string): string | null {
  const text = words.normalize('NFKC').replace(invisible, '').replace(/^tel:/iu, '').trim();
  if (!/^\+?[\d\s().\-/]+$/u.test(text)) return null;
  const digits = text.replace(/\D/gu, '');
  return digits.length < 3 ? null : digits;
}
