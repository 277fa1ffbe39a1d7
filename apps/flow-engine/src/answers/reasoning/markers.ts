/** What a mark in a model's answer does. */
export type MarkerKind =
  /** Reasoning begins. */
  | 'open'
  /** Reasoning ends. */
  | 'close'
  /** The answer begins, whatever came before it. */
  | 'answer'
  /** A control word of the model's template: it is left out. */
  | 'control';

/** A mark as it was found. */
export interface Marker {
  kind: MarkerKind;
  length: number;
}

const TAGS = [
  ...[
    'think',
    'thinking',
    'thought',
    'thoughts',
    'reasoning',
    'reasoning_content',
    'reflection',
    'scratchpad',
  ],
  ...['antthinking', 'inner_monologue', 'inner_thoughts', 'thought_process', 'chain_of_thought'],
];
const NAMES = `(?:${TAGS.join('|')})`;
/** Longest mark that is waited for, in UTF-16 units. A longer one is text. */
const LONGEST = 96;

/** Marks of the models that are asked most, each anchored at its beginning. */
const markers: readonly (readonly [RegExp, MarkerKind])[] = [
  // DeepSeek, Qwen, GLM, MiniMax, EXAONE, Claude prompts; with a prefix: Seed-OSS.
  [new RegExp(`^<(?:[a-z]{1,16}:)?${NAMES}(?:\\s[^<>]{0,64})?>`, 'i'), 'open'],
  [new RegExp(`^</(?:[a-z]{1,16}:)?${NAMES}\\s{0,4}>`, 'i'), 'close'],
  [new RegExp(`^<(?:[a-z]{1,16}:)?${NAMES}\\s{0,4}/>`, 'i'), 'control'],
  // DeepSeek R1 Zero, and models trained after it: what follows their reasoning.
  [/^<\/?answer>/i, 'control'],
  // Sky-T1, OpenThinker.
  [/^<\|begin_of_thought\|>/, 'open'],
  [/^<\|end_of_thought\|>/, 'close'],
  [/^<\|(?:begin|end)_of_solution\|>/, 'control'],
  [/^<\|(?:think|thinking|thought|reasoning)\|>/, 'open'],
  [/^<\|\/(?:think|thinking|thought|reasoning)\|>/, 'close'],
  // Magistral.
  [/^\[THINK\]/, 'open'],
  [/^\[\/THINK\]/, 'close'],
  // Kimi.
  [/^◁think▷/, 'open'],
  [/^◁\/think▷/, 'close'],
  // Command.
  [/^<\|START_THINKING\|>/, 'open'],
  [/^<\|END_THINKING\|>/, 'close'],
  [/^<\|(?:START|END)_RESPONSE\|>/, 'control'],
  // gpt-oss (Harmony): channels.
  [
    /^(?:<\|start\|>assistant)?<\|channel\|>\s?(?:analysis|commentary)\b[^<]{0,48}(?:<\|constrain\|>[^<]{0,16})?<\|message\|>/,
    'open',
  ],
  [
    /^(?:<\|start\|>assistant)?<\|channel\|>\s?final\b[^<]{0,16}(?:<\|constrain\|>[^<]{0,16})?<\|message\|>/,
    'answer',
  ],
  [/^<\|end\|>/, 'control'],
  [
    /^<\|(?:start|message|return|call|im_start|im_end|endoftext|eot_id|end_of_text)\|>(?:assistant\b)?/,
    'control',
  ],
];
const BEGINS = /[<[◁]/;

/** Where a mark may begin at or after a place; -1 where none does. */
export function nextMarkerPlace(text: string, from: number): number {
  const found = text.slice(from).search(BEGINS);
  return found < 0 ? -1 : from + found;
}

/**
 * The mark at a place.
 * @param ended whether no text follows
 * @returns null where there is none, `wait` where the text may become one
 */
export function markerAt(text: string, at: number, ended: boolean): Marker | 'wait' | null {
  const rest = text.slice(at, at + LONGEST * 2);
  for (const [pattern, kind] of markers) {
    const found = pattern.exec(rest);
    // A longer form may follow: the name of whom a template lets speak.
    if (found && (ended || found[0].length < rest.length || !isOpenEnded(found[0])))
      return { kind, length: found[0].length };
    if (found) return 'wait';
  }
  return !ended && rest.length < LONGEST && mayBecome(rest) ? 'wait' : null;
}

const isOpenEnded = (found: string): boolean => /^<\|(?:start|im_start)\|>[a-z]*$/.test(found);

/** Beginnings of marks: a bracket and the letters so far. */
const BEGINNINGS: readonly RegExp[] = [
  /^<\/?(?:[a-z]{0,16}:?)?$/i,
  new RegExp(`^</?(?:[a-z]{1,16}:)?(?:${beginningsOf(TAGS)})$`, 'i'),
  new RegExp(`^</?(?:${beginningsOf(['answer'])})$`, 'i'),
  new RegExp(`^</?(?:[a-z]{1,16}:)?${NAMES}[\\s/][^<>]{0,64}$`, 'i'),
  /^\[\/?T?H?I?N?K?$/,
  /^◁\/?[a-z]{0,5}$/,
  /^<\|\/?[A-Za-z_]{0,20}\|?$/,
  /^(?:<\|start\|>a?s?s?i?s?t?a?n?t?)?(?:<\|?c?h?a?n?n?e?l?\|?)?$/,
  /^(?:<\|start\|>assistant)?<\|channel\|>[^<]{0,48}(?:<\|?c?o?n?s?t?r?a?i?n?\|?>?[^<]{0,16})?(?:<\|?m?e?s?s?a?g?e?\|?)?$/,
];

function beginningsOf(names: readonly string[]): string {
  return names.flatMap((name) => [...name].map((_, index) => name.slice(0, index + 1))).join('|');
}

function mayBecome(text: string): boolean {
  return BEGINNINGS.some((beginning) => beginning.test(text));
}
