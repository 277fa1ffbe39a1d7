/** Keys of a telephone in the order of their codes in RTP (RFC 4733). */
const keys = '0123456789*#ABCD';

/** The code of a key's tone; null for what is no key. */
export function toneCode(digit: string): number | null {
  const code = digit.length === 1 ? keys.indexOf(digit) : -1;
  return code < 0 ? null : code;
}
