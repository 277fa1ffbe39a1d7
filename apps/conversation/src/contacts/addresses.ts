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

/** Invisible format characters that are copied along with numbers and addresses. */
const formatCharacters = /\p{Cf}/gu;

/** Normalises text for storage and comparison: Unicode NFC, trimmed, without invisible characters. */
export function normalizeText(text: string): string {
  return text.normalize('NFC').replace(formatCharacters, '').trim();
}

/** Converts a phone number to E.164. @returns null if it is invalid, withheld, or has no country code */
export function normalizePhone(value: string): string | null {
  const text = value.normalize('NFKC').replace(formatCharacters, '').trim();
  const [digits = ''] = text.replace(/^tel:/iu, '').split(';');
  const parsed = parsePhoneNumberFromString(digits, { extract: false });
  return parsed?.isPossible() === true && !withheldNumbers.has(parsed.number) ? parsed.number : null;
}

/** Converts an e-mail address to lower case. @returns null if it is invalid */
export function normalizeEmail(value: string): string | null {
  const text = normalizeText(value)
    .replace(/^mailto:/iu, '')
    .toLowerCase()
    .normalize('NFC');
  return /^[^\s@]+@[^\s@]+$/u.test(text) ? text : null;
}

/** Returns the normalised address of an identity; null for identities of other types. */
export function addressOf(type: string, value: string): Address | null {
  if (type === 'email') {
    const email = normalizeEmail(value);
    return email === null ? null : { type: 'email', value: email };
  }
  // WhatsApp ids are phone numbers without the plus sign.
  const phone =
    type === 'phone' ? normalizePhone(value) : type === 'whatsapp' ? normalizePhone(`+${value}`) : null;
  return phone === null ? null : { type: 'phone', value: phone };
}

/** What an address looks like in the words of a search: the digits of a number, however it is written. */
export function phoneDigitsOf(words: string): string | null {
  const text = words.normalize('NFKC').replace(formatCharacters, '').replace(/^tel:/iu, '').trim();
  if (!/^\+?[\d\s().\-/]+$/u.test(text)) return null;
  const digits = text.replace(/\D/gu, '');
  return digits.length < 3 ? null : digits;
}
