import { createAgent, updateAgent } from '@parley/contracts';
import { jest } from '@jest/globals';
import { type FlowBench, openBench } from '../../test/bench.ts';
import { AnswersService } from './answers.service.ts';

let bench: FlowBench;
let agentId: string;

beforeAll(async () => {
  bench = await openBench();
  const knowledgeBaseId = await bench.knowledge([
    { title: 'Opening hours', text: '# Opening hours\n\nThe shop opens at nine and closes at six.' },
    { title: 'Tanks', text: '# Tanks\n\nTanks are cleaned every Friday by the service team.' },
  ]);
  agentId = (await bench.call(createAgent, { name: 'Ada', knowledgeBaseIds: [knowledgeBaseId] })).id;
}, 60_000);

afterAll(() => bench.close());

const textOf = (message: { parts: readonly object[] }): string =>
  message.parts.map((part) => ('text' in part ? String(part.text) : '')).join('');
const ask = async (...texts: string[]): Promise<string> => {
  const conversation = bench.converse({ agentIds: [agentId] });
  let said = '';
  for (const text of texts) said = textOf(await conversation.ask(text));
  return said;
};

test.each([
  ['Hello!', 'Hello! How can I help you?'],
  ['Guten Tag', 'Guten Tag! Wie kann ich Ihnen helfen?'],
  ['¡Muchas gracias!', '¡De nada! ¿Puedo ayudarle en algo más?'],
  ['Au revoir', 'Au revoir ! Revenez quand vous aurez une question.'],
  ['आप कैसे हैं?', 'मैं ठीक हूँ, धन्यवाद। मैं आपकी क्या सहायता कर सकता हूँ?'],
  ['شكرا', 'على الرحب والسعة! هل يمكنني مساعدتكم في شيء آخر؟'],
  ['Thnaks a lot', 'You are welcome! Is there anything else I can help you with?'],
])('%s is answered by "%s"', async (text, answer) => {
  expect(await ask(text)).toBe(answer);
});

test('it names itself, and what it can be asked', async () => {
  expect(await ask('Who are you?')).toContain('I am Ada');
  expect(await ask('Wer bist du?')).toContain('Ich bin Ada');
  expect(await ask('What can you do?')).toContain('Tanks, Opening hours');
  await bench.call(updateAgent, { agentId, suggestedQuestions: ['When do you open?'] });
  expect(await ask('¿Qué puedes hacer?')).toContain('por ejemplo: When do you open?');
});

test('a question after a greeting is answered from the knowledge, and so is one that looks like a typing mistake', async () => {
  expect(await ask('Hi Ada, when does the shop open? Thanks!')).toContain('opens at nine');
  expect(await ask('Tanks')).toContain('cleaned every Friday');
});

test('small talk before it does not change what is found, and an unsure word goes on in the language before', async () => {
  expect(await ask('Hello', 'Thank you', 'When does the shop open?')).toContain('opens at nine');
  expect(await ask('Hallo', 'ok')).toBe('Schön. Kann ich sonst noch etwas für Sie tun?');
});

test('a follow-up is understood with the question before it', async () => {
  expect(await ask('And by whom?')).not.toContain('service team');
  expect(await ask('When are the tanks cleaned?', 'And by whom?')).toContain('service team');
});

test('once its knowledge is in memory, an answer needs no task', async () => {
  const answers = bench.get(AnswersService);
  const conversation = bench.converse({ agentIds: [agentId] });
  await conversation.ask('When does the shop open?');
  const inTask = jest.spyOn(answers, 'answer');
  const answer = await conversation.ask('When are the tanks cleaned?');
  expect(textOf(answer)).toContain('every Friday');
  expect(answer).toMatchObject({ attempt: 1, citations: [{ title: 'Tanks' }] });
  expect(inTask).not.toHaveBeenCalled();
  // One that fails at once is left to a task when its event comes again: nobody waits in silence.
  jest.spyOn(answers, 'answerAtOnce').mockRejectedValueOnce(new Error('Broken'));
  const { message } = await conversation.post('And who cleans them?');
  expect(textOf(await conversation.answerTo(message.id))).toContain('service team');
  expect(inTask).toHaveBeenCalledTimes(1);
  const produced = await conversation.produced();
  expect(produced.filter(({ replyTo }) => replyTo === message.id)).toHaveLength(1);
});

test('a message that tells no language is answered in that of its channel', async () => {
  const conversation = bench.converse({ agentIds: [agentId] });
  const { message } = await conversation.post('4711', { language: 'fr-CA' });
  expect(textOf(await conversation.answerTo(message.id))).toMatch(/^Je ne connais pas/);
});
