import { ReasoningFilter, withoutReasoning } from './reasoning-filter.ts';

/** What remains for people, however the answer is cut into pieces. */
function streamed(pieces: readonly string[]): string {
  const filter = new ReasoningFilter();
  let shown = '';
  for (const part of [...pieces.map((piece) => filter.push(piece)), filter.end()])
    shown = (part.voids ? '' : shown) + part.text;
  return shown;
}

const cases: [name: string, answer: string, shown: string][] = [
  [
    'no reasoning',
    'Hold the *button* for 10 s.\n\n- one\n- two',
    'Hold the *button* for 10 s.\n\n- one\n- two',
  ],
  ['one tag', '<think>The user asks.\nHm.</think>\n\nHold the button.', 'Hold the button.'],
  ['an empty tag', '<think>\n\n</think>\n\nHold it.', 'Hold it.'],
  [
    'other names and cases',
    '<THINKING>a</THINKING>One <Reasoning>b</Reasoning>two <thought>c</thought>three',
    'One two three',
  ],
  ['attributes and a prefix', '<think effort="high">a</think>One <seed:think>b</seed:think >two', 'One two'],
  ['reasoning between', 'First. <think>Is that right?</think>Second.', 'First. Second.'],
  ['a closing tag alone', 'Okay, they ask for the reset.\n`code` and\n\n</think>\n\nHold it.', 'Hold it.'],
  ['closing tags alone, twice', 'a</think>b</think>c', 'c'],
  ['a closing tag after a pair', '<think>a</think>b</think>c', 'c'],
  ['nested tags', '<think>a<think>b</think>c</think>Answer', 'Answer'],
  [
    'an opening tag that is mentioned in reasoning',
    '<think>I could write <think> here.</think>Answer',
    'Answer',
  ],
  [
    'a closing tag that is mentioned in reasoning',
    '<think>It ends with `</think>`, then.</think>Answer',
    'Answer',
  ],
  ['an unclosed tag', 'Before. <think>I wonder', 'Before. '],
  ['reasoning alone', '<think>I wonder</think>', ''],
  [
    'a code block',
    'Write:\n```html\n<think>x</think>\n</think>\n```\nDone.',
    'Write:\n```html\n<think>x</think>\n</think>\n```\nDone.',
  ],
  [
    'a code block of tildes in a list',
    '- see\n  ~~~\n  <think>\n  ~~~\n\nDone <think>x</think>.',
    '- see\n  ~~~\n  <think>\n  ~~~\n\nDone .',
  ],
  ['a longer fence', '````\n```\n<think>\n```\n````\n<think>x</think>y', '````\n```\n<think>\n```\n````\ny'],
  ['inline code', 'Use `<think>` and ``a ` </think>`` in it.', 'Use `<think>` and ``a ` </think>`` in it.'],
  ['three backticks in a line', 'Use ```<think>``` in it.', 'Use ```<think>``` in it.'],
  ['a backtick that opens nothing', 'It is 5` long <think>x</think>\nYes', 'It is 5` long \nYes'],
  ['reasoning that leaves a code block open', 'So:\n```\nx = 1\n</think>\n\nHold it.', 'Hold it.'],
  ['a code block that is cut off', 'So:\n```\n<think>x</think>\ny', 'So:\n```\n<think>x</think>\ny'],
  ['code after reasoning', '<think>```\nx\n</think>```\n<think>\n```', '```\n<think>\n```'],
  [
    'brackets that are no tags',
    'a < b, <thinker>, <b>x</b>, [THIN], <think, ◁, 1 <| 2',
    'a < b, <thinker>, <b>x</b>, [THIN], <think, ◁, 1 <| 2',
  ],
  ['square tags', '[THINK]a[/THINK]Answer [1].', 'Answer [1].'],
  ['triangles', '◁think▷a◁/think▷Answer', 'Answer'],
  [
    'channels',
    '<|channel|>analysis<|message|>They ask.<|end|><|start|>assistant<|channel|>final<|message|>Hold it.<|return|>',
    'Hold it.',
  ],
  ['channels without an analysis', '<|start|>assistant<|channel|>final<|message|>Hold it.', 'Hold it.'],
  [
    'channels with a tool',
    '<|channel|>commentary to=functions.x <|constrain|>json<|message|>{}<|call|><|channel|>final<|message|>Yes',
    'Yes',
  ],
  [
    'thinking and response',
    '<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Hold it.<|END_RESPONSE|>',
    'Hold it.',
  ],
  [
    'thought and solution',
    '<|begin_of_thought|>a<|end_of_thought|>\n\n<|begin_of_solution|>Hold it.<|end_of_solution|>',
    'Hold it.',
  ],
  ['bars around a tag', '<|think|>a<|/think|>Hold it.', 'Hold it.'],
  ['an answer in tags', '<think>a</think>\n<answer>Hold it.</answer>', 'Hold it.'],
  [
    'longer names of tags',
    '<antThinking>a</antThinking><inner_monologue>b</inner_monologue>Hold it.',
    'Hold it.',
  ],
  ['an answer in tags within code', '`<answer>` and <answered>', '`<answer>` and <answered>'],
  ['the end of a template', 'Hold it.<|im_end|>', 'Hold it.'],
  [
    'other scripts and emoji',
    '<think>सोच 🤔</think>नमस्ते 👍🏽 你好 <think>x</think>مرحبا',
    'नमस्ते 👍🏽 你好 مرحبا',
  ],
];

describe.each(cases)('%s', (_name, answer, shown) => {
  it('is taken out of the whole answer', () => {
    expect(withoutReasoning(answer)).toBe(shown);
  });

  it('is taken out wherever the answer is split in two', () => {
    for (let at = 0; at <= answer.length; at += 1)
      expect([at, streamed([answer.slice(0, at), answer.slice(at)])]).toEqual([at, shown]);
  });

  it('is taken out unit by unit, and in pieces of any length', () => {
    expect(streamed(answer.split(''))).toBe(shown);
    for (let length = 2; length < 12; length += 1) {
      const pieces = Array.from({ length: Math.ceil(answer.length / length) }, (_, index) =>
        answer.slice(index * length, (index + 1) * length),
      );
      expect([length, streamed(pieces)]).toEqual([length, shown]);
    }
  });
});

test('every answer that is made of parts shows what is text in it, whatever the parts and wherever it is cut', () => {
  // A generator with a fixed seed: the same answers in every run.
  let seed = 12_345;
  const below = (limit: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * limit);
  };
  const parts: [answer: string, shown: string][] = [
    ['Text. ', 'Text. '],
    ['**Bold** and a < b.\n', '**Bold** and a < b.\n'],
    ['`<think>` ', '`<think>` '],
    ['\n```\n</think>\n```\n', '\n```\n</think>\n```\n'],
    ['<think>hidden\n`x`</think>', ''],
    ['<Thinking>```\nhidden</Thinking>', ''],
    ['<think>a <think>b</think> c</think>', ''],
    ['[THINK]hidden[/THINK]', ''],
  ];
  for (let round = 0; round < 400; round += 1) {
    const chosen = Array.from({ length: 1 + below(6) }, () => parts[below(parts.length)] ?? ['', '']);
    const answer = `Begin. ${chosen.map(([one]) => one).join('')}`;
    const pieces: string[] = [];
    for (let at = 0; at < answer.length; ) {
      const length = 1 + below(9);
      pieces.push(answer.slice(at, at + length));
      at += length;
    }
    expect([answer, streamed(pieces)]).toEqual([answer, `Begin. ${chosen.map(([, one]) => one).join('')}`]);
  }
});

test('text is answered as soon as it is sure', () => {
  const filter = new ReasoningFilter();
  expect(filter.push('Hold the').text).toBe('Hold the');
  expect(filter.push(' button <').text).toBe(' button ');
  expect(filter.push(' 5 s').text).toBe('< 5 s');
  expect(filter.push('. <thi').text).toBe('. ');
  expect(filter.push('s> <think>no').text).toBe('<this> ');
});

test('a large answer costs time in proportion to its length', () => {
  const filter = new ReasoningFilter();
  const started = performance.now();
  let length = 0;
  for (let piece = 0; piece < 20_000; piece += 1)
    length += filter.push(`word <b>${piece}</b> \`code\` `).text.length;
  length += filter.push('x'.repeat(2_000_000)).text.length + filter.end().text.length;
  expect(length).toBeGreaterThan(2_000_000);
  expect(performance.now() - started).toBeLessThan(1000);
});
