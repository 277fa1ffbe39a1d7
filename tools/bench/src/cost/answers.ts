import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message that was sent, and what its answer has to be. */
export interface Question {
  id: string;
  sender: string;
  /** Whether a text answers it. */
  isAnswer(text: string): boolean;
}

/** A message that came to the callback. */
export interface Heard {
  at: number;
  inReplyTo: string | null;
  sender: string;
  text: string;
}

/** What is wrong with the answers of a run; all zero where each message was answered once, correctly and in order. */
export interface AnswerFaults {
  missing: number;
  repeated: number;
  wrong: number;
  disordered: number;
}

/** Checks answers in the order in which they came. Messages in reply to nothing, such as greetings, are left out. */
export function checkAnswers(questions: readonly Question[], heard: readonly Heard[]): AnswerFaults {
  const places = new Map(questions.map((question, place) => [question.id, { ...question, place }]));
  const answered = new Set<string>();
  const latest = new Map<string, number>();
  const faults: AnswerFaults = { missing: 0, repeated: 0, wrong: 0, disordered: 0 };
  for (const { inReplyTo, sender, text } of heard) {
    if (inReplyTo === null) continue;
    const question = places.get(inReplyTo);
    // An answer to a message of an earlier run.
    if (!question) continue;
    if (answered.has(inReplyTo)) faults.repeated += 1;
    answered.add(inReplyTo);
    if (question.sender !== sender || !question.isAnswer(text)) faults.wrong += 1;
    if ((latest.get(sender) ?? -1) > question.place) faults.disordered += 1;
    latest.set(sender, Math.max(latest.get(sender) ?? -1, question.place));
  }
  faults.missing = questions.length - answered.size;
  return faults;
}

interface Delivered {
  to: { id: string };
  inReplyTo: string | null;
  message?: { parts?: { type: string; text?: string }[] } | null;
}

/** The callback of a custom channel: keeps what is delivered, with its time. */
export class AnswerCallback {
  url = '';
  readonly heard: Heard[] = [];
  private readonly answered = new Set<string>();
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const at = performance.now();
      response.writeHead(204).end();
      this.keep(at, JSON.parse(text) as Delivered);
    });
  });

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Different messages that were answered since the last `clear`. */
  get count(): number {
    return this.answered.size;
  }

  clear(): void {
    this.heard.length = 0;
    this.answered.clear();
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private keep(at: number, { to, inReplyTo, message }: Delivered): void {
    const text = (message?.parts ?? []).map((part) => part.text ?? '').join('');
    this.heard.push({ at, inReplyTo, sender: to.id, text });
    if (inReplyTo !== null) this.answered.add(inReplyTo);
  }
}
