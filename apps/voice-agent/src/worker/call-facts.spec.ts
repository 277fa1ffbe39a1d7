import { speechFinished, turnTranscribed } from '@parley/contracts';
import { CallFacts, type Publisher } from './call-facts.ts';

const data = { conversationId: 'conv_1', messageId: 'msg_1' } as never;

test('a fact is published until it is stored, and the next one waits for it', async () => {
  const tried: string[] = [];
  const publisher: Publisher = {
    publish: async ({ name }) => {
      tried.push(name);
      if (tried.length < 3) throw new Error('NATS is away.');
    },
  };
  const failed: string[] = [];
  const facts = new CallFacts(publisher, 'space_1', (_error, name) => failed.push(name));
  const first = facts.publish(turnTranscribed, data);
  const second = facts.publish(speechFinished, data);
  expect(await facts.settle(1)).toBe(false);
  await Promise.all([first, second]);
  expect(tried).toEqual([
    turnTranscribed.name,
    turnTranscribed.name,
    turnTranscribed.name,
    speechFinished.name,
  ]);
  expect(failed).toEqual([turnTranscribed.name, turnTranscribed.name]);
  expect(await facts.settle(1000)).toBe(true);
});
