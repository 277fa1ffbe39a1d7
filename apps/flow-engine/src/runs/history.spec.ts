import { hear } from './history.ts';
import type { HistoryTurn } from './run.table.ts';

const history: HistoryTurn[] = [
  { role: 'assistant', text: 'Hello.', messageId: 'm0' },
  { role: 'user', text: 'When do you open?' },
  { role: 'assistant', text: 'We open at nine, and close at six.', messageId: 'm1' },
];
const texts = (turns: readonly HistoryTurn[]): string[] => turns.map(({ text }) => text);

test('what was cut off of a message was never said', () => {
  const heard = hear(history, [{ messageId: 'm1', spoken: 'We open at nine' }]);
  expect(texts(heard)).toEqual(['Hello.', 'When do you open?', 'We open at nine']);
  expect(heard[2]).toMatchObject({ role: 'assistant', messageId: 'm1' });
});

test('a message of which nothing was heard is gone', () => {
  expect(texts(hear(history, [{ messageId: 'm0', spoken: '' }]))).toEqual(texts(history.slice(1)));
});

test('a history without the message, or heard already, is the same', () => {
  expect(hear(history, [{ messageId: 'other', spoken: 'x' }])).toBe(history);
  const heard = hear(history, [{ messageId: 'm1', spoken: 'We open' }]);
  expect(hear(heard, [{ messageId: 'm1', spoken: 'We open' }])).toBe(heard);
  expect(hear(history, [])).toBe(history);
});
