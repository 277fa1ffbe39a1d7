import { createConversation, listMessages, postMessage } from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, readDemo } from './demo.ts';

const mistyped = (key: string): string => key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');

describe('The HTTP API', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId } = demo;
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${demo.baseUrl}/api/v1${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${demo.apiKey}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });

  it('opens a conversation with an agent, which greets and answers', async () => {
    const { id: conversationId } = await client.call(createConversation, {
      spaceId,
      participants: [{ agentId: demo.agentId }],
    });
    const question = await client.call(postMessage, {
      spaceId,
      conversationId,
      parts: [{ type: 'text', text: 'How long is an access token valid?' }],
    });
    const messages = await until('an answer', async () => {
      const { data } = await client.call(listMessages, { spaceId, conversationId });
      return data.some((message) => message.replyTo === question.id) && data;
    });
    expect(messages.map((message) => message.author.type)).toEqual(
      expect.arrayContaining(['account', 'agent']),
    );
    expect(messages).toHaveLength(3);
  });

  it('acts once for an Idempotency-Key, and refuses the key with another body', async () => {
    const key = `key-${Date.now()}`;
    const body = JSON.stringify({ name: 'Once' });
    const first = await send(`/spaces/${spaceId}/knowledge-bases`, {
      method: 'POST',
      body,
      headers: { 'idempotency-key': key },
    });
    const again = await send(`/spaces/${spaceId}/knowledge-bases`, {
      method: 'POST',
      body,
      headers: { 'idempotency-key': key },
    });
    expect(first.status).toBe(201);
    expect(await again.json()).toEqual(await first.json());
    const other = await send(`/spaces/${spaceId}/knowledge-bases`, {
      method: 'POST',
      body: JSON.stringify({ name: 'Twice' }),
      headers: { 'idempotency-key': key },
    });
    expect(other.status).toBe(422);
  });

  const agents = `/spaces/${spaceId}/agents`;
  it.each<[string, string, RequestInit, number]>([
    ['a missing space', '/spaces/space_missing/agents', {}, 404],
    ['a foreign space', `/spaces/${demo.other.spaceId}/agents`, {}, 404],
    ['a missing id', `${agents}/agent_missing`, {}, 404],
    ['an unknown path', '/nowhere', {}, 404],
    ['no credential', agents, { headers: { authorization: '' } }, 401],
    ['a wrong key', agents, { headers: { authorization: `Bearer ${mistyped(demo.apiKey)}` } }, 401],
    ['an unknown field', agents, { method: 'POST', body: '{"name":"x","colour":"red"}' }, 400],
    ['a wrong type', agents, { method: 'POST', body: '{"name":1}' }, 400],
    ['bad JSON', agents, { method: 'POST', body: '{"name":' }, 400],
    [
      'bad UTF-8',
      agents,
      { method: 'POST', body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
      400,
    ],
    ['deep nesting', agents, { method: 'POST', body: '['.repeat(10_000) }, 400],
    ['a prototype key', agents, { method: 'POST', body: '{"__proto__":{"admin":true},"name":"x"}' }, 400],
    [
      'ten megabytes',
      agents,
      { method: 'POST', body: JSON.stringify({ name: 'x'.repeat(10_000_000) }) },
      413,
    ],
    [
      'another media type',
      agents,
      { method: 'POST', body: 'name=x', headers: { 'content-type': 'text/plain' } },
      415,
    ],
  ])('refuses %s', async (_what, path, init, status) => {
    const response = await send(path, init);
    const text = await response.text();
    expect([response.status, text]).toEqual([status, expect.stringContaining('"requestId"')]);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(text).not.toMatch(/\.(ts|js):\d+/);
  });
});
