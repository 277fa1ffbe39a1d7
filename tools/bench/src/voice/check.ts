import { listCalls, listMessages, type Message } from '@parley/contracts';
import { RECEIVED_RATE, type SpeechRecogniser } from '@parley/testing/voice';
import type { Installation } from '../installation.ts';
import type { CallResult } from './call.ts';

/** An answer as it is to be heard. */
export interface Expected {
  text: string;
  /** How long its sound is. */
  soundMs: number;
}

/** What is said to each question. */
export type Answers = Record<string, Expected>;

export const durationMs = (samples: Int16Array): number => (samples.length * 1000) / RECEIVED_RATE;

/** The beginning of a text that is said within so long. */
function beginning({ text, soundMs }: Expected, withinMs: number): string {
  const words = text.split(/\s+/);
  const count = Math.max(2, Math.floor((words.length * withinMs) / soundMs));
  return words.slice(0, count).join(' ');
}

/**
 * What is wrong with each turn, by ear: the answer heard must be that of the question, among those of all questions.
 * @returns null where nothing is wrong
 */
export async function checkByEar(
  hearing: SpeechRecogniser,
  { turns }: CallResult,
  answers: Answers,
): Promise<(string | null)[]> {
  const wrong: (string | null)[] = [];
  for (const { question, samples, wrong: before } of turns) {
    if (before !== null) {
      wrong.push(before);
      continue;
    }
    const candidates = Object.entries(answers).map(([asked, expected]) => ({
      asked,
      text: beginning(expected, durationMs(samples)),
    }));
    const texts = candidates.map(({ text }) => text);
    const heard = await hearing.recognise(samples, RECEIVED_RATE, texts);
    const found = candidates.find(({ text }) => text === heard);
    wrong.push(found?.asked === question ? null : `heard the answer to "${found?.asked ?? 'nothing known'}"`);
  }
  return wrong;
}

/** The text of a message. */
function textOf({ parts }: Message): string {
  return parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

/** The history of a call: what was asked and what the voice said, in order; the greeting first. */
export async function historyOf(
  installation: Installation,
  callId: string,
): Promise<{ greeting: string; exchanges: { question: string; answer: string | null }[] }> {
  const { client, demo } = installation;
  const { spaceId } = demo;
  const calls = await client.call(listCalls, { spaceId, limit: 50 });
  const conversationId = calls.data.find(({ id }) => id === callId)?.conversationId;
  if (!conversationId) throw new Error(`The call ${callId} has no conversation.`);
  const { data } = await client.call(listMessages, { spaceId, conversationId, limit: 200 });
  const spokenOf = (message: Message | undefined): string | null => message?.speech?.generated.trim() ?? null;
  const exchanges = data
    .filter(({ author }) => author.type === 'contact')
    .map((asked) => ({
      question: textOf(asked),
      answer: spokenOf(data.find(({ replyTo }) => replyTo === asked.id)),
    }));
  return { greeting: spokenOf(data.find(({ author }) => author.type === 'agent')) ?? '', exchanges };
}
