/** IPA as espeak-ng writes it for American English, and the phones of the acoustic model. Longest first. */
const PHONES: readonly (readonly [string, string])[] = [
  ['tʃ', 'CH'],
  ['dʒ', 'JH'],
  ['aɪ', 'AY'],
  ['aʊ', 'AW'],
  ['eɪ', 'EY'],
  ['oʊ', 'OW'],
  ['ɔɪ', 'OY'],
  ['iː', 'IY'],
  ['uː', 'UW'],
  ['ɑː', 'AA'],
  ['ɔː', 'AO'],
  ['oː', 'AO'],
  ['ɜː', 'ER'],
  ['n̩', 'AH N'],
  ['l̩', 'AH L'],
  ['i', 'IY'],
  ['u', 'UW'],
  ['ɑ', 'AA'],
  ['a', 'AA'],
  ['ɔ', 'AO'],
  ['o', 'OW'],
  ['ɝ', 'ER'],
  ['ɚ', 'ER'],
  ['ə', 'AH'],
  ['ɐ', 'AH'],
  ['ʌ', 'AH'],
  ['æ', 'AE'],
  ['ɛ', 'EH'],
  ['e', 'EH'],
  ['ɪ', 'IH'],
  ['ᵻ', 'IH'],
  ['ʊ', 'UH'],
  ['ɾ', 'T'],
  ['ʔ', 'T'],
  ['ŋ', 'NG'],
  ['ð', 'DH'],
  ['θ', 'TH'],
  ['ʃ', 'SH'],
  ['ʒ', 'ZH'],
  ['ɹ', 'R'],
  ['r', 'R'],
  ['j', 'Y'],
  ['ɡ', 'G'],
  ['g', 'G'],
  ['x', 'K'],
  ['h', 'HH'],
  ['w', 'W'],
  ['b', 'B'],
  ['d', 'D'],
  ['f', 'F'],
  ['k', 'K'],
  ['l', 'L'],
  ['m', 'M'],
  ['n', 'N'],
  ['p', 'P'],
  ['s', 'S'],
  ['t', 'T'],
  ['v', 'V'],
  ['z', 'Z'],
];

/** A pronunciation for the acoustic model; sounds that American English does not have are left out. */
export function toArpabet(ipa: string): string {
  const phones: string[] = [];
  let rest = ipa.replace(/[ˈˌ\s]/g, '');
  while (rest !== '') {
    const found = PHONES.find(([sound]) => rest.startsWith(sound));
    if (found) phones.push(found[1]);
    rest = rest.slice(found?.[0].length ?? 1);
  }
  return phones.join(' ');
}
