import { firstIdAt } from '@parley/contracts';

/** A message of the corpus. */
export interface CorpusMessage {
  /** Which of the spaces. */
  space: number;
  /** Number of its conversation, of all. */
  conversation: number;
  sequence: number;
  id: string;
  author: 'contact' | 'account' | 'agent';
  text: string;
  hasFile: boolean;
  at: Date;
}

/** Spaces of the corpus; the first has four fifths of it. */
export const SPACES = 3;
const DAYS = 700;
const START = Date.UTC(2024, 11, 1);
const DAY_MS = 86_400_000;

/** A word that many messages of one old month have, and no later one. */
export const BURST = 'zuckerwatte';
const BURST_FROM = 0.3;
const BURST_TO = 0.36;

const frequent: Readonly<Record<string, string>> = {
  en: 'the to and a of is I my you for in it that on have with your not be can this please order we are will was hello thanks help when but if how do would need get from at or today account payment delivery invoice refund package still number',
  de: 'die der und ich das ist nicht in zu mit bitte es auf meine eine haben für von Sie noch wir können ein Ihre Bestellung Lieferung Rechnung Rückerstattung wann Größe Straße über heute vielen Dank guten Tag leider zurück',
  es: 'de la que el en y a los por con mi no una su para es lo pedido gracias hola cuándo factura envío devolución número todavía está',
  fr: 'de la le et les des en un une est pour que je vous ne pas dans mon commande merci bonjour livraison facture remboursement reçu être où déjà',
  ru: 'и в не на я что с мой заказ доставка спасибо здравствуйте когда возврат счёт ещё по это как номер пожалуйста',
  ar: 'في من على إلى هذا طلب الطلب رقم شكرا مرحبا متى التوصيل الفاتورة استرداد لم بعد أريد',
  hi: 'है का की में मेरा ऑर्डर कब और को से यह नहीं धन्यवाद नमस्ते भुगतान वापसी कृपया नंबर',
};
const syllables: Readonly<Record<string, string>> = {
  en: 'ba be con de er fi ga han in jor ken li mo na or pre qui re sta ter un ver win xen yor zed ing tion ment',
  de: 'ab auf be ein ent ge haus land mann müh öl schaft schön stein straß über ung ver werk wort zu zeit',
  es: 'ca ción da del es gra in la mien na ñor pre que ra sión ta ver zar',
  fr: 'a ban cé de é fran ge im jou la mé ni pré qui ré sion té vou',
  ru: 'ба ве го до жи за ки ло мо на об по ре ст то уч фа ход ча ши щё ный',
  ar: 'اب بد تر ثم جم حر خد در رس زم سل شر صد طل عم فر قد كت لم من نس هد',
  hi: 'का कि खा गु चा जी टे ता दि ना पू फि बा भी मा रि लो वा शि सा हि',
};
const kana = 'のをにはがでとてもかなしたいるれ';
const hangulEndings = '은는이가을를의에로도';

/** Words in the order of how often they are used: real ones first, then made ones. */
function vocabularyOf(language: string, random: () => number): string[] {
  const words = (frequent[language] ?? '').split(' ');
  const parts = (syllables[language] ?? '').split(' ');
  while (words.length < 30_000) {
    const count = 2 + Math.floor(random() * 3);
    words.push(Array.from({ length: count }, () => pick(parts, random)).join(''));
  }
  return words;
}

const pick = <Value>(values: readonly Value[], random: () => number): Value =>
  values[Math.floor(random() * values.length)] as Value;

/** A sequence of numbers from 0 to 1 that is always the same (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Messages of ten languages in conversations of 1 to some 2,000 messages, over 700 days, in the order of their time. */
export function* corpus(count: number): Generator<CorpusMessage> {
  const random = randomFrom(12);
  const vocabularies = new Map(
    Object.keys(frequent).map((language) => [language, vocabularyOf(language, random)]),
  );
  const open: { space: number; no: number; sequence: number; left: number; language: string }[] = [];
  let conversations = 0;
  for (let index = 0; index < count; index += 1) {
    const slot = Math.floor(random() * 400);
    let conversation = open[slot];
    if (!conversation || conversation.left === 0) {
      const share = random();
      const space = share < 0.8 ? 0 : share < 0.97 ? 1 : 2;
      const left = Math.min(2000, Math.ceil(Math.exp(1.8 + 1.1 * gaussian(random))));
      conversation = { space, no: conversations, sequence: 0, left, language: languageOf(random) };
      conversations += 1;
      open[slot] = conversation;
    }
    conversation.sequence += 1;
    conversation.left -= 1;
    const place = index / count;
    const at = START + Math.floor(place * DAYS * DAY_MS);
    const inBurst = place >= BURST_FROM && place < BURST_TO && random() < 0.8;
    yield {
      space: conversation.space,
      conversation: conversation.no,
      sequence: conversation.sequence,
      id: idAt(at, random),
      author: conversation.sequence % 2 === 1 ? 'contact' : random() < 0.7 ? 'agent' : 'account',
      text: textIn(conversation.language, vocabularies, random, index) + (inBurst ? ` ${BURST}` : ''),
      hasFile: random() < 0.02,
      at: new Date(at),
    };
  }
}

/** Shares of the conversations that languages have. */
const languages: readonly (readonly [string, number])[] = Object.entries({
  ...{ en: 0.4, de: 0.2, es: 0.08, fr: 0.07, ru: 0.05, ar: 0.04, hi: 0.03, ja: 0.06, zh: 0.04, ko: 0.03 },
});

function languageOf(random: () => number): string {
  const share = random();
  let sum = 0;
  const found = languages.find(([, part]) => {
    sum += part;
    return sum >= share;
  });
  return found?.[0] ?? 'en';
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
}

function idAt(at: number, random: () => number): string {
  const rest = Array.from({ length: 16 }, () =>
    '0123456789abcdefghjkmnpqrstvwxyz'.charAt(Math.floor(random() * 32)),
  );
  return firstIdAt('msg', at) + rest.join('');
}

function textIn(
  language: string,
  vocabularies: ReadonlyMap<string, string[]>,
  random: () => number,
  index: number,
): string {
  const length = Math.min(300, Math.ceil(Math.exp(2.1 + 0.8 * gaussian(random))));
  const vocabulary = vocabularies.get(language);
  const words = Array.from({ length }, () =>
    vocabulary ? (vocabulary[rank(vocabulary.length, random)] ?? '') : eastAsianWord(language, random),
  );
  const text = words.join(vocabulary || language === 'ko' ? ' ' : '');
  const detail = random();
  if (detail < 0.08) return `${text} ${orderNumber(index)}`;
  if (detail < 0.1) return `${text} person${index % 5000}@example.com`;
  if (detail < 0.11) return `${text} +49 170 ${String(1_000_000 + ((index * 7919) % 8_999_999))}`;
  return text;
}

/** The number of an order that a message of this index may have. */
export function orderNumber(index: number): string {
  return `${1000 + (index % 9000)}-${String((index * 7919) % 10_000).padStart(4, '0')}`;
}

/** A place in a list of which the first are taken most (Zipf's law, about). */
function rank(count: number, random: () => number): number {
  return Math.floor(Math.exp(random() ** 1.3 * Math.log(count))) - 1;
}

function eastAsianWord(language: string, random: () => number): string {
  const characters = 1 + Math.floor(random() * 3);
  const first = language === 'ko' ? 0xac00 : 0x4e00;
  const range = language === 'ko' ? 2000 : 2500;
  const word = Array.from({ length: characters }, () =>
    String.fromCharCode(first + rank(range, random)),
  ).join('');
  const ends = language === 'ja' ? kana : language === 'ko' ? hangulEndings : '';
  return word + (ends === '' ? '' : ends.charAt(Math.floor(random() * ends.length)));
}
