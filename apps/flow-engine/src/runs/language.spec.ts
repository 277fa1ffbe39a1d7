import type { LoadedRun } from './runs.service.ts';
import { languageOfTurn } from './language.ts';

type Run = Pick<LoadedRun, 'agent' | 'state'>;

const runOf = (earlier: string[], voice: string | null = null): Run =>
  ({
    agent: voice === null ? null : { voice: { language: voice } },
    state: { history: earlier.map((text) => ({ role: 'user', text })) },
  }) as unknown as Run;

const message = (text: string, more: { language?: string; spoken?: boolean } = {}) => ({
  ...{ kind: 'message' as const, messageId: 'msg_1', replyId: 'msg_2', text, ...more },
  ...{ conversationId: 'conv_1', responder: { agentId: 'agent_1', flowId: null } },
});

test.each([
  ['what is written', message('Wo finde ich die Rechnung?', { language: 'en' }), [], 'fr', 'de'],
  ['what was written before', message('4711'), ['Hola', '¿Dónde está mi pedido?', 'ok'], null, 'es'],
  ['the session', message('4711', { language: 'fr-CA' }), ['12'], 'de', 'fr'],
  ['the agent', message('4711'), [], 'ar-EG', 'ar'],
  ['English, where nothing is known', message('4711'), [], null, 'en'],
  [
    'the session, not what was written before',
    message('注文はどこですか', { language: 'de' }),
    ['Hola'],
    null,
    'de',
  ],
  [
    'the voice of a call',
    message('Hello, is anybody there?', { language: 'de', spoken: true }),
    [],
    null,
    'de',
  ],
  ['the voice of its agent', message('Hello, is anybody there?', { spoken: true }), [], 'hi', 'hi'],
] as const)('%s decides', (_name, payload, earlier, voice, language) => {
  expect(languageOfTurn(runOf([...earlier], voice), payload)).toBe(language);
});

test('a flow that begins by itself speaks as its agent does', () => {
  const start = {
    kind: 'start' as const,
    conversationId: 'conv_1',
    responder: { agentId: null, flowId: 'f' },
  };
  expect(languageOfTurn(runOf([], 'es'), start)).toBe('es');
  expect(languageOfTurn(null, start)).toBe('en');
});
