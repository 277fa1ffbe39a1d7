import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Conversation, listConversations, listMessages, type Message } from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, readDemo } from './demo.ts';
import { allReady, pidOf } from './processes.ts';

/** Long enough for a request to reach its owner, short enough for it to be waited for still. */
const UNDER_WAY_MS = 500;

describe('A gateway that is killed while a command is open', () => {
  const demo = readDemo();
  const client = clientOf(demo);

  afterEach(allReady);

  const send = (path: string, key: string, body: object): Promise<Response> =>
    fetch(`${demo.baseUrl}/api/v1/spaces/${demo.spaceId}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${demo.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(body),
    });

  /** Sends a command whose owner stands still, and kills the gateway that waits for the answer. */
  async function cutOff(path: string, key: string, body: object): Promise<void> {
    const gateway = pidOf('channel-gateway');
    const open = send(path, key, body).then(
      ({ status }) => status,
      () => 'cut off',
    );
    await sleep(UNDER_WAY_MS);
    process.kill(gateway, 'SIGKILL');
    expect(await open).toBe('cut off');
    await until('another gateway serves', async () => {
      if (pidOf('channel-gateway') === gateway) return false;
      return (await fetch(`${demo.baseUrl}/healthz`).catch(() => null))?.ok;
    });
  }

  /** Runs while the owner of conversations stands still. */
  async function whileFrozen<Result>(work: () => Promise<Result>): Promise<Result> {
    const owner = pidOf('conversation');
    process.kill(owner, 'SIGSTOP');
    try {
      return await work();
    } finally {
      process.kill(owner, 'SIGCONT');
    }
  }

  /** Repeats as a client does that was cut off: while the first is at work, it is told to come again. */
  async function repeat(path: string, key: string, body: object): Promise<Response> {
    return until(
      'the repeat is answered',
      async () => {
        const response = await send(path, key, body).catch(() => null);
        return response !== null && ![409, 503, 504].includes(response.status) && response;
      },
      30_000,
    );
  }

  const found = async (subject: string): Promise<Conversation[]> =>
    (await client.call(listConversations, { spaceId: demo.spaceId, limit: 50 })).data.filter(
      (one) => one.subject === subject,
    );

  const messagesIn = async (conversationId: string, text: string): Promise<Message[]> =>
    (await client.call(listMessages, { spaceId: demo.spaceId, conversationId, limit: 200 })).data.filter(
      ({ parts }) => parts.some((part) => part.type === 'text' && part.text === text),
    );

  async function openConversation(): Promise<string> {
    const response = await send('/conversations', randomUUID(), {
      participants: [{ agentId: demo.agentId }],
    });
    return ((await response.json()) as Conversation).id;
  }

  it('lets it act without a listener, and gives its answer to the repeat', async () => {
    const [key, subject] = [randomUUID(), `cut-${randomUUID()}`];
    const body = { subject, participants: [{ agentId: demo.agentId }] };
    await whileFrozen(() => cutOff('/conversations', key, body));
    const made = await until('it has acted, though nobody waits', async () => {
      const all = await found(subject).catch(() => []);
      return all.length > 0 && all;
    });
    const first = await repeat('/conversations', key, body);
    const again = await repeat('/conversations', key, body);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    const [text, sameText] = await Promise.all([first.text(), again.text()]);
    expect((JSON.parse(text) as Conversation).id).toBe(made[0]?.id);
    expect(sameText).toBe(text);
    expect(await found(subject)).toHaveLength(1);
    const changed = await send('/conversations', key, { ...body, subject: `${subject}-other` });
    expect(changed.status).toBe(422);
  });

  it('acts once when the repeat comes while the first is still open', async () => {
    const conversationId = await openConversation();
    const [path, key, text] = [`/conversations/${conversationId}/messages`, randomUUID(), randomUUID()];
    const body = { parts: [{ type: 'text', text }] };
    const repeated = await whileFrozen(async () => {
      await cutOff(path, key, body);
      const answer = repeat(path, key, body);
      await sleep(UNDER_WAY_MS);
      return [answer];
    });
    const response = await repeated[0];
    expect(response?.status).toBe(201);
    const posted = (await response?.json()) as Message;
    const later = await repeat(path, key, body);
    expect(((await later.json()) as Message).id).toBe(posted.id);
    expect((await messagesIn(conversationId, text)).map(({ id }) => id)).toEqual([posted.id]);
  });
});
