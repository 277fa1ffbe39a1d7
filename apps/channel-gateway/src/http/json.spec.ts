import { customAdapter } from '../adapters/custom/custom.adapter.ts';
import { readJson } from './json.ts';

const body = (text: string): Buffer => Buffer.from(text);

test.each([
  ['{"parts":[{"text":"a\\u0000b"}]}', '/parts/0/text'],
  ['{"name":"\\ud800"}', '/name'],
  ['{"name":"x\\udc00y"}', '/name'],
  ['{"a/b":{"~":"\\u0000"}}', '/a~1b/~0'],
  ['{"metadata":{"k\\u0000":1}}', '/metadata'],
])('%s holds what is no text', (text, pointer) => {
  expect(() => readJson(body(text))).toThrow(
    expect.objectContaining({ status: 400, errors: [expect.objectContaining({ pointer })] }),
  );
});

test('pairs, control characters and backslashes are text', () => {
  const text = '{"name":"\\ud83d\\ude00 \\u0001 \\\\u0000 😀"}';
  expect(readJson(body(text))).toEqual({ name: '😀 \u0001 \\u0000 😀' });
});

test('a message larger than 64 KiB is too large, in bytes', () => {
  const message = (words: string) => {
    const parts = Array.from({ length: 4 }, () => ({ type: 'text', text: words }));
    return body(JSON.stringify({ messageId: 'm1', sender: { id: 'u1' }, parts }));
  };
  expect(() => customAdapter.parse(message('ä'.repeat(8200)))).toThrow(
    expect.objectContaining({ status: 413, code: 'too_large' }),
  );
  expect(customAdapter.parse(message('ä'.repeat(8000)))).toHaveLength(1);
});

test('a custom webhook with NUL characters and half pairs is cleaned: the message is not lost', () => {
  const message =
    '{"messageId":"m1","sender":{"id":"u1","name":"A\\u0000da"},"parts":[{"type":"text","text":"x\\u0000y \\ud800 😀"}],"metadata":{"k\\u0000":"v\\u0000"}}';
  expect(customAdapter.parse(body(message))).toEqual([
    {
      providerMessageId: 'm1',
      sender: { id: 'u1', name: 'Ada' },
      parts: [expect.objectContaining({ type: 'text', text: 'xy \ufffd 😀' })],
      metadata: { k: 'v' },
    },
  ]);
});

test.each([
  ['{"messageId":"m\\u0000","sender":{"id":"u1"},"parts":[]}', '/messageId'],
  ['{"messageId":"m1","sender":{"id":"u\\ud800"},"parts":[]}', '/sender/id'],
])('an id of a custom webhook is not cleaned: %s', (message, pointer) => {
  expect(() => customAdapter.parse(body(message))).toThrow(
    expect.objectContaining({ status: 400, errors: [expect.objectContaining({ pointer })] }),
  );
});

test.each(['null', '5', '[]', '{"sender":null}'])('a custom webhook of %s is refused', (message) => {
  expect(() => customAdapter.parse(body(message))).toThrow(expect.objectContaining({ status: 400 }));
});
