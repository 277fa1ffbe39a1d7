import { randomUUID } from 'node:crypto';
import type { Graph } from '@parley/contracts';
import type { Installation } from '../installation.ts';
import { type Door, signedShot } from '../shots.ts';
import type { Shot } from '../http-load.ts';
import { makeFlow, openDoor } from '../sides.ts';
import type { Question } from './answers.ts';

/** What is asked of an installation. */
export type JobName = 'main' | 'echo';

export const jobNames: readonly JobName[] = ['main', 'echo'];

/** Messages that are ready to be sent, with what answers them. */
export interface Job {
  shots: Shot[];
  questions: Question[];
}

/** Senders that have written before. */
const KNOWN_SENDERS = 200;
/** Every fifth message is the first one of its sender. */
const NEW_SENDER_EVERY = 5;

/** Questions about the demo knowledge base, and a word of the passage that answers each. */
const knowledge: readonly { text: string; answer: RegExp }[] = [
  { text: 'How do I add a channel?', answer: /channel/i },
  { text: 'How do I replay a dead letter?', answer: /dead letter|replay/i },
  { text: 'How long is an access token valid?', answer: /token/i },
  { text: 'How do I connect a phone number?', answer: /phone|number/i },
  { text: 'How is the signature of a webhook verified?', answer: /signature|secret/i },
  { text: 'How does the widget know a visitor?', answer: /visitor|widget/i },
];

const echo: Graph = {
  start: 'listen',
  steps: [
    { id: 'listen', type: 'listen', settings: { variable: 'text' }, outcomes: { next: 'say' } },
    {
      id: 'say',
      type: 'say',
      settings: { text: 'Echo: {{ variables.text }}' },
      outcomes: { next: 'listen' },
    },
  ],
};

/** Opens the channel of a job. */
export async function openJob(installation: Installation, name: JobName, callbackUrl: string): Promise<Door> {
  const { agentId } = installation.demo;
  const target = name === 'main' ? { agentId } : { flowId: await makeFlow(installation, echo) };
  return openDoor(installation, { callbackUrl, target });
}

/** Messages of new and known senders in turn. */
export function makeJob(name: JobName, door: Door, count: number): Job {
  const run = randomUUID().slice(0, 8);
  const all = Array.from({ length: count }, (_value, index) => {
    const id = `${run}-${index}`;
    const isNew = index % NEW_SENDER_EVERY === 0;
    const sender = isNew ? `new-${id}` : `sender-${index % KNOWN_SENDERS}`;
    return { ...askIn(name, id, index), id, sender };
  });
  return {
    shots: all.map(({ id, sender, text }) => signedShot(door, { id, sender, text })),
    questions: all.map(({ id, sender, isAnswer }) => ({ id, sender, isAnswer })),
  };
}

function askIn(
  name: JobName,
  id: string,
  index: number,
): { text: string; isAnswer: (text: string) => boolean } {
  if (name === 'echo') return { text: `Message ${id}`, isAnswer: (text) => text === `Echo: Message ${id}` };
  const { text, answer } = knowledge[index % knowledge.length] ?? { text: '', answer: /^$/ };
  return { text, isAnswer: (given) => answer.test(given) && !/do not know/i.test(given) };
}
