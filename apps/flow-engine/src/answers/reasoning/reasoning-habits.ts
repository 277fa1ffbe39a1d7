/** How a model's answers begin: with text, or within reasoning whose opening mark is missing (the template has it). */
export type ReasoningHabit = 'unknown' | 'text' | 'reasoning';

/** Names of models that reason before they answer. */
const REASONING_NAME =
  /(?:^|[^a-z])(?:r1|qwq|reasoner|reasoning|think(?:ing)?|magistral|marco-o1)(?:[^a-z]|$)/i;
const KEPT = 1000;

/** What this process has seen of models' answers, so that reasoning without an opening mark is never streamed. */
export class ReasoningHabits {
  private readonly seen = new Map<string, ReasoningHabit>();

  of(baseUrl: string, model: string): ReasoningHabit {
    const known = this.seen.get(`${baseUrl} ${model}`);
    return known ?? (REASONING_NAME.test(model) ? 'reasoning' : 'unknown');
  }

  /** Keeps how a whole answer began. A model that once began within reasoning may do so again. */
  learn(baseUrl: string, model: string, begun: boolean): void {
    const key = `${baseUrl} ${model}`;
    if (this.seen.get(key) === 'reasoning') return;
    if (this.seen.size >= KEPT) this.seen.clear();
    this.seen.set(key, begun ? 'reasoning' : 'text');
  }
}

/** How those begin who think aloud. */
const THINKING =
  /^\s*(?:okay|ok|alright|right|hm+|well|so|first|now|wait|maybe|let(?:['’]?s| me| us)|the (?:user|question|customer|visitor|person|caller|context|passages?)|they|user|i (?:need|should|must|will|have|want|think|wonder|see|am|can)|i['’](?:ll|m|ve)|we (?:need|should|must|have|are)|thinking|thoughts?|reasoning|analysis|looking|to answer|step|internal|der nutzer|die frage|also|el usuario|la pregunta|l['’]utilisateur|用户|好的|首先|嗯)/i;
/** Units from which on the beginning of a text tells what it is. */
const BEGINNING = 24;

/** Whether the beginning of an answer is plainly none of reasoning. */
export function isPlainlyText(beginning: string): boolean {
  return beginning.length >= BEGINNING && !THINKING.test(beginning);
}
