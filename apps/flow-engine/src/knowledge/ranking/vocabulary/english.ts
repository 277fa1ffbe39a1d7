import type { Vocabulary } from './vocabulary.ts';

/** Words that frame a question without saying what it is about; the stemmer's stop words come on top. */
const frame: ReadonlySet<string> = new Set(
  (
    'able actually again already also always another anybody anyone anything ask away bad become best better bit bring can ' +
    'case come consider correct correctly could deal describe different do does doing done easily easy else ever exactly ' +
    'example explain fact find first get gets getting give given go goes going good got guess happen happened happening ' +
    'happens hear hello help hey hi hint idea instead just keep kind know known let like look looking lot make makes making ' +
    'many may maybe mean means might much must my need needed needs new now ok okay one ones only own particular people ' +
    'perhaps please possible possibly probably problem proper properly put question quite rather really right say see seem ' +
    'set shall should show simple simply since some somebody someone something sometimes somehow soon sort still stuff such ' +
    'suggest sure take takes tell thank thanks thing things think together trouble try trying type understand us use used ' +
    'useful user using usually various want wanted wants way ways well what whatever wish without wonder wondering word ' +
    'work works working would wrong yes yet'
  ).split(' '),
);

/** Numbers in words: how many there are is seldom what a question is about. */
const numerals: ReadonlySet<string> = new Set(
  'two three four five six seven eight nine ten eleven twelve twenty fifty hundred thousand dozen'.split(' '),
);

/** Particles of verbs: nouns are made of both ("set up", "setup"). */
const particles: ReadonlySet<string> = new Set('back down in off on out over up'.split(' '));

/** Words that point back at an earlier turn. */
const pointers: ReadonlySet<string> = new Set(
  'it its itself this that these those they them their theirs he him his she her hers there one ones same former latter'.split(
    ' ',
  ),
);

/** Beginnings of a question that continues the last one. */
const continuation =
  /^\s*(and|or|but|so|then|also|ok(ay)?( and| so| but)?|what about|how about|what if|why( not)?\??$|how\??$|where\??$|when\??$|really)\b/i;

/** Everyday words that mean nearly the same in any handbook. */
const synonymGroups: readonly (readonly string[])[] = [
  'delete remove drop erase',
  'undo revert rollback',
  'create make add build',
  'define declare specify',
  'change modify alter edit update',
  'start begin launch',
  'stop end terminate kill cancel abort',
  'big bigger biggest large larger largest huge size',
  'small smaller smallest little tiny',
  'fast faster fastest quick quicker quickest speed performance',
  'slow slower slowly performance',
  'error failure fault fail',
  'password passphrase secret credential',
  'login signin logon',
  'memory ram',
  'disk storage drive',
  'maximum most limit max',
  'minimum least min',
  'convert turn transform format',
  'split divide partition',
  'merge combine join',
  'show display list view',
  'allow permit enable grant',
  'forbid prevent deny disable block',
  'fix repair solve recover',
  'broken corrupted damaged corrupt',
  'buy purchase order',
  'price cost fee',
  'refund reimbursement',
  'phone telephone mobile',
  'mail email',
  'picture image photo',
  'dangerous risk unsafe risky harm',
  'safe secure',
  'encrypt encryption tls ssl',
  'copy duplicate clone',
  'backup dump',
  'restore recover recovery',
  'install setup installation',
  'skip omit ignore',
  'choose select pick',
  'send transmit',
  'receive get',
  'company firm business',
  'shop store',
  'count number',
  'dir directory folder',
  'config configuration settings configure',
  'info information',
  'sum total',
  'string text',
  'identifier name id',
  'program application app software',
  'long length',
  'wait delay',
  'upper uppercase',
  'lower lowercase',
  'various several',
].map((group) => group.split(' '));

/** Questions for a bound are answered where limits are listed, under these words. */
const boundQuestion =
  /\b(how (many|much|long|large|big|high|far|wide|deep)\b.*\b(most|may|can|allowed|possible|maximum|at once)|at (the )?most|at least|up to how)\b/i;
const boundWords: readonly string[] = ['limit', 'maximum'];

/** Forms of irregular verbs and of adjectives, which the stemmer takes for different words. */
const inflections: readonly (readonly string[])[] = [
  'begin began begun',
  'break broke broken',
  'bring brought',
  'buy bought',
  'catch caught',
  'choose chose chosen',
  'drive drove driven',
  'fall fell fallen',
  'forget forgot forgotten',
  'freeze froze frozen',
  'hide hid hidden',
  'hold held',
  'keep kept',
  'leave left',
  'lose lost',
  'pay paid',
  'rise rose risen',
  'run ran',
  'sell sold',
  'send sent',
  'sleep slept',
  'speak spoke spoken',
  'spend spent',
  'steal stole stolen',
  'teach taught',
  'throw threw thrown',
  'wake woke woken',
  'write wrote written',
  'big bigger biggest',
  'cheap cheaper cheapest',
  'clean cleaner cleanest',
  'deep deeper deepest',
  'early earlier earliest',
  'easy easier easiest',
  'fast faster fastest',
  'few fewer fewest',
  'great greater greatest',
  'high higher highest',
  'large larger largest',
  'late later latest',
  'light lighter lightest',
  'long longer longest',
  'low lower lowest',
  'near nearer nearest',
  'old older oldest',
  'quick quicker quickest quickly',
  'safe safer safest safely',
  'short shorter shortest',
  'simple simpler simplest',
  'slow slower slowest slowly',
  'small smaller smallest',
  'strong stronger strongest',
  'wide wider widest',
  'young younger youngest',
].map((forms) => forms.split(' '));

export const english: Vocabulary = {
  language: 'english',
  stop: new Set(),
  frame,
  degrees: numerals,
  askedDegree: /\bhow (long|many|much|large|big|often|high|far|fast|wide|deep|old|soon|heavy|tall)\b/i,
  particles,
  pointers,
  continuation,
  synonymGroups,
  inflections,
  bound: { question: boundQuestion, words: boundWords },
};
