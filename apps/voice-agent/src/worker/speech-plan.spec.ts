import fc from 'fast-check';
import { type Delta, SpeechPlan } from './speech-plan.ts';

const question = 'msg_question';
const answer = 'msg_answer';
const delta = (offset: number, text: string, attempt = 1): Delta => ({
  messageId: answer,
  replyTo: question,
  attempt,
  offset,
  text,
});

function asked(): SpeechPlan {
  const plan = new SpeechPlan();
  plan.expect(question);
  return plan;
}

describe('SpeechPlan', () => {
  it('begins with the first token and goes on with the next', () => {
    const plan = asked();
    plan.delta(delta(0, 'Hello '), 1);
    expect(plan.head).toMatchObject({ text: 'Hello ', complete: false, firstTextAt: 1 });
    plan.delta(delta(6, 'there'), 2);
    expect(plan.head).toMatchObject({ text: 'Hello there', restarts: 0, firstTextAt: 1 });
  });

  it('waits at a gap and goes on from the committed message of the same attempt', () => {
    const plan = asked();
    plan.delta(delta(0, 'Hello '), 1);
    plan.delta(delta(12, 'friend'), 1);
    expect(plan.head?.text).toBe('Hello ');
    plan.commit({ messageId: answer, replyTo: question, attempt: 1, text: 'Hello there friend' }, 2);
    expect(plan.head).toMatchObject({ text: 'Hello there friend', complete: true, restarts: 0 });
  });

  it('starts anew with a higher attempt, and does not hear a lower one', () => {
    const plan = asked();
    plan.delta(delta(0, 'One'), 1);
    plan.delta(delta(0, 'Two', 2), 1);
    plan.delta(delta(3, ' more', 1), 1);
    expect(plan.head).toMatchObject({ text: 'Two', attempt: 2, restarts: 1 });
    plan.commit({ messageId: answer, replyTo: question, attempt: 3, text: 'Three' }, 2);
    expect(plan.head).toMatchObject({ text: 'Three', attempt: 3, restarts: 2, complete: true });
  });

  it('says nothing of an answer to a message that is not the call’s before it is committed', () => {
    const plan = new SpeechPlan();
    plan.delta(delta(0, 'Secret draft'), 1);
    expect(plan.head).toBeNull();
  });

  it('puts committed messages before what is still being written, but not before what is being said', () => {
    const plan = asked();
    plan.delta(delta(0, 'Draft'), 1);
    plan.commit({ messageId: 'msg_a', replyTo: null, attempt: null, text: 'A' }, 1);
    expect(plan.head?.messageId).toBe('msg_a');
    plan.finish('msg_a');
    plan.begin(answer);
    plan.commit({ messageId: 'msg_b', replyTo: null, attempt: null, text: 'B' }, 1);
    expect(plan.head?.messageId).toBe(answer);
    expect(plan.waiting).toBe(2);
  });

  it('never says again what is finished', () => {
    const plan = asked();
    plan.finish(answer);
    plan.delta(delta(0, 'Hello'), 1);
    plan.commit({ messageId: answer, replyTo: question, attempt: 1, text: 'Hello' }, 1);
    expect(plan.head).toBeNull();
  });

  it('says each message once, whole and in order, whatever happens to the tokens', () => {
    fc.assert(fc.property(story, says), { numRuns: 500 });
  });
});

interface Written {
  /** Texts of the attempts; the last one is committed. */
  attempts: string[][];
  lost: number[];
  doubled: number[];
  swapped: number[];
  /** After how many tokens the listener has had the time to say something. */
  listens: number;
}

const text = fc.array(fc.string({ minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 40 });
const story = fc.array(
  fc.record({
    attempts: fc.array(text, { minLength: 1, maxLength: 3 }),
    lost: fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 40, maxLength: 40 }),
    doubled: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 40, maxLength: 40 }),
    swapped: fc.array(fc.nat(39), { maxLength: 5 }),
    listens: fc.integer({ min: 1, max: 7 }),
  }),
  { minLength: 1, maxLength: 5 },
);

function says(messages: Written[]): void {
  const plan = asked();
  const mouth = new Mouth(
    plan,
    (messageId) => (messages[Number(messageId.slice(4))]?.attempts.length ?? 1) - 1,
  );
  messages.forEach((written, index) => {
    const messageId = `msg_${index}`;
    const pieces = written.attempts.flatMap((tokens, attempt) =>
      deltasOf(messageId, tokens, attempt + 1, written),
    );
    pieces.forEach((piece, at) => {
      plan.delta(piece, at);
      if (at % written.listens === 0) mouth.say();
    });
    const attempt = written.attempts.length;
    const whole = written.attempts.at(-1)?.join('') ?? '';
    plan.commit({ messageId, replyTo: question, attempt, text: whole }, 1000);
    plan.commit({ messageId, replyTo: question, attempt, text: whole }, 1001);
  });
  while (plan.head) mouth.say();
  expect(mouth.said).toEqual(
    messages.map(({ attempts }, index) => [`msg_${index}`, attempts.at(-1)?.join('') ?? '']),
  );
}

function deltasOf(messageId: string, tokens: string[], attempt: number, written: Written): Delta[] {
  let offset = 0;
  const pieces = tokens.map((token) => {
    const piece = { messageId, replyTo: question, attempt, offset, text: token };
    offset += token.length;
    return piece;
  });
  for (const at of written.swapped) {
    const [one, other] = [pieces[at], pieces[at + 1]];
    if (one && other) [pieces[at], pieces[at + 1]] = [other, one];
  }
  // One of twenty is lost, one of ten comes twice.
  return pieces.flatMap((piece, at) =>
    written.lost[at] === 0 ? [] : written.doubled[at] === 0 ? [piece, piece] : [piece],
  );
}

/** Says what the plan tells, a bit at a time. */
class Mouth {
  readonly said: [string, string][] = [];
  private readonly plan: SpeechPlan;
  private now: { id: string; restarts: number; text: string } | null = null;

  private readonly mayRestart: (messageId: string) => number;

  constructor(plan: SpeechPlan, mayRestart: (messageId: string) => number) {
    this.plan = plan;
    this.mayRestart = mayRestart;
  }

  say(): void {
    const head = this.plan.head;
    if (!head) return;
    if (this.now?.id !== head.messageId || this.now.restarts !== head.restarts)
      this.now = { id: head.messageId, restarts: head.restarts, text: '' };
    this.plan.begin(head.messageId);
    // Only another attempt makes void what was said.
    expect(head.restarts).toBeLessThanOrEqual(this.mayRestart(head.messageId));
    // What has been said is never taken back without a restart.
    expect(head.text.startsWith(this.now.text)).toBe(true);
    this.now.text = head.text;
    if (!head.complete) return;
    this.said.push([head.messageId, this.now.text]);
    this.plan.finish(head.messageId);
  }
}
