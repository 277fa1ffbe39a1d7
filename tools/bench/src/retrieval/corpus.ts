import { randomFrom } from '../search/corpus.ts';

/** A document of the corpus, as Markdown. */
export interface CorpusDocument {
  title: string;
  text: string;
  /** Passages that it is read into, about. */
  passages: number;
}

/** A question, with the questions of the conversation before it. */
export interface CorpusQuestion {
  question: string;
  turns: string[];
}

const little =
  'the to and of a in is for you it that on with your can be this are we or when if as from by not have at an will one each all may into any how'.split(
    ' ',
  );
const subjects =
  'order account payment delivery invoice refund package number customer address password device network setting message contract service support date price product return address month team page option report access button email phone question answer file version update window printer battery sensor cable screen schedule backup licence limit member role key channel form receipt bank card store discount voucher warranty repair technician appointment subscription storage folder archive template signature language region tax shipment carrier parcel label exchange complaint feedback survey profile picture camera router signal filter pump tank heater valve engine tyre brake'.split(
    ' ',
  );
const actions =
  'change open cancel send receive install remove restore connect delete create select check print share confirm enter update replace reset charge clean store export import approve reject extend transfer track'.split(
    ' ',
  );
const syllables =
  'ba be con de er fi ga han in jor ken li mo na or pre qui re sta ter un ver win xen yor zed ing tion ment al ic dro lum pex'.split(
    ' ',
  );

const VOCABULARY = 40_000;
const WORDS_OF_PASSAGE = 88;
const WORDS_OF_SENTENCE = 14;
const TOPIC_WORDS = 14;
/** Passages below one heading. */
const SECTION = 3;

type Random = () => number;

const pick = <Value>(values: readonly Value[], random: Random): Value =>
  values[Math.floor(random() * values.length)] as Value;

/** Words by how often they are used: little ones, real ones, made ones. */
function vocabularyOf(random: Random): string[] {
  const words = new Set([...little, ...subjects, ...actions]);
  while (words.size < VOCABULARY)
    words.add(Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(syllables, random)).join(''));
  return [...words];
}

/** A place in a list by Zipf's law, about. */
const rank = (count: number, random: Random): number => Math.floor(count ** random()) - 1;

interface Topic {
  words: string[];
  vocabulary: readonly string[];
  random: Random;
}

function wordOf({ words, vocabulary, random }: Topic): string {
  return random() < 0.15 ? pick(words, random) : (vocabulary[rank(vocabulary.length, random)] ?? 'the');
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function paragraph(topic: Topic): string {
  const words = Array.from({ length: WORDS_OF_PASSAGE }, () => wordOf(topic));
  const sentences: string[] = [];
  for (let from = 0; from < words.length; from += WORDS_OF_SENTENCE)
    sentences.push(`${capital(words.slice(from, from + WORDS_OF_SENTENCE).join(' '))}.`);
  return sentences.join(' ');
}

const heading = ({ words, random }: Topic): string =>
  capital(`${pick(actions, random)} the ${pick(words, random)} ${pick(words, random)}`);

/** Documents of 1 to some 300 passages each, with headings, in the words of their topics; always the same. */
export function* documents(passages: number): Generator<CorpusDocument> {
  const random = randomFrom(31);
  const vocabulary = vocabularyOf(random);
  let made = 0;
  for (let no = 1; made < passages; no += 1) {
    const words = Array.from({ length: TOPIC_WORDS }, () =>
      random() < 0.4
        ? pick(subjects, random)
        : (vocabulary[200 + Math.floor((VOCABULARY - 200) * random() ** 2)] ?? 'order'),
    );
    const topic = { words, vocabulary, random };
    const count = Math.min(300, passages - made, 1 + Math.floor(Math.exp(random() * 5)));
    const parts: string[] = [];
    for (let index = 0; index < count; index += 1) {
      if (index % SECTION === 0) parts.push(`## ${heading(topic)}`);
      parts.push(paragraph(topic));
    }
    const title = `${heading(topic)} ${no}`;
    yield { title, text: `# ${title}\n\n${parts.join('\n\n')}`, passages: count };
    made += count;
  }
}

const patterns: readonly ((words: string[]) => string)[] = [
  ([one, other, verb]) => `How do I ${verb} the ${one} of the ${other}?`,
  ([one, other]) => `What is the ${one} ${other}?`,
  ([one, other, verb]) => `Can you tell me when I have to ${verb} my ${one} and where I find the ${other}?`,
  ([one, other, verb]) => `${one} ${other} ${verb}`,
  ([one]) => `How many ${one}s can I have at most?`,
];

function misspelt(word: string): string {
  return word.length < 6 ? word : word.slice(0, 3) + word.charAt(4) + word.charAt(3) + word.slice(5);
}

/** Questions in the words of passages: of usual ones, of rare ones and of both; some misspelt, some follow-ups. */
export function questions(all: readonly CorpusDocument[], count: number): CorpusQuestion[] {
  const random = randomFrom(7);
  const found: CorpusQuestion[] = [];
  while (found.length < count) {
    const { text } = pick(all, random);
    const words = text.match(/[a-z]{5,}/gu) ?? ['order'];
    const subject = (): string => (random() < 0.4 ? pick(subjects, random) : pick(words, random));
    const asked = [subject(), subject(), pick(actions, random)];
    if (random() < 0.1) asked[0] = misspelt(asked[0] ?? '');
    const question = pick(patterns, random)(asked);
    const before = found.at(-1)?.question ?? 'How do I cancel my order?';
    found.push(
      random() < 0.2
        ? { question: `And how do I ${pick(actions, random)} it?`, turns: [before] }
        : { question, turns: random() < 0.5 ? [before] : [] },
    );
  }
  return found;
}
