import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Message, setUpChannel } from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, home, messagesOf, readDemo, sendCustom } from './demo.ts';
import { HeldSender } from './held-sender.ts';
import { allReady, pidOf } from './processes.ts';

const cli = fileURLToPath(new URL('../../../tools/cli/bin/parley.mjs', import.meta.url));
/** What died so often is started again later and later. */
const ANSWERED_MS = 90_000;
const others = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay'];

describe('A message that ends its process each time it is handled', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const held = new HeldSender(demo.databaseUrl);
  let channel: { id: string; secret: string };

  beforeAll(async () => {
    await held.open();
    const made = await client.call(setUpChannel, {
      spaceId: demo.spaceId,
      channel: { deploymentType: 'CUSTOM', channelIdentifier: `deadly-${randomUUID()}`, configuration: {} },
      target: { agentId: demo.agentId },
      activate: true,
    });
    channel = { id: made.channel.id, secret: made.credentials?.webhookSecret ?? '' };
  });

  afterAll(async () => {
    await held.close();
    await allReady();
  });

  async function post(sender: string, text: string): Promise<void> {
    const messageId = `${sender} ${text}`;
    const sending = { channelId: channel.id, secret: channel.secret, sender, messageId, text };
    await until(
      `"${messageId}" is accepted`,
      async () => (await sendCustom(demo.baseUrl, sending).catch(() => null))?.status === 202,
    );
  }

  async function answered(sender: string, texts: string[]): Promise<Message[]> {
    const all = await until(
      `all of ${sender} is answered`,
      async () => {
        const found = await messagesOf(client, demo, channel.id, sender).catch(() => []);
        return found.filter(({ replyTo }) => replyTo !== null).length >= texts.length && found;
      },
      ANSWERED_MS,
    );
    const asked = all.filter(({ author }) => author.type === 'contact');
    expect(asked.map(({ parts }) => (parts[0]?.type === 'text' ? parts[0].text : ''))).toEqual(texts);
    const replies = all.filter(({ replyTo }) => replyTo !== null);
    expect(replies.map(({ replyTo }) => replyTo)).toEqual(asked.map(({ id }) => id));
    return all;
  }

  async function isParked(): Promise<boolean> {
    const { rowCount } = await held.database.query(
      `SELECT FROM conversation.parked WHERE content->'data'->>'channelId' = $1`,
      [channel.id],
    );
    return (rowCount ?? 0) > 0;
  }

  /** Kills the process at each attempt until the message is given up; how often that was. */
  async function killAtEachAttempt(): Promise<number> {
    const seen = new Set<number>();
    let killed = 0;
    let last = 0;
    await until(
      'the message is parked',
      async () => {
        const fresh = (await held.waiting()).filter((pid) => !seen.has(pid));
        const pid = pidOf('conversation');
        if (fresh.length > 0 && pid !== last) {
          for (const one of fresh) seen.add(one);
          process.kill(pid, 'SIGKILL');
          last = pid;
          killed += 1;
        }
        return isParked();
      },
      90_000,
    );
    return killed;
  }

  async function deadLetters(...what: string[]): Promise<string> {
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const { stdout } = await promisify(execFile)('node', [cli, 'dlq', ...what], {
      env: { ...env, PARLEY_HOME: home() },
    });
    return stdout;
  }

  it('is given up, holds nobody else up, and a replay does exactly what is missing', async () => {
    for (const sender of ['pat', ...others]) await post(sender, 'first');
    for (const sender of ['pat', ...others]) await answered(sender, ['first']);
    await held.hold(channel.id, 'pat');
    await post('pat', 'deadly');
    for (const sender of others) await post(sender, 'second');
    const killed = await killAtEachAttempt();
    // The first death may be that of a whole batch, which is counted to no message.
    expect(killed).toBeGreaterThanOrEqual(5);
    expect(killed).toBeLessThanOrEqual(7);

    await post('pat', 'behind');
    for (const sender of others) await post(sender, 'third');
    const texts = ['first', 'second', 'third'];
    const before = await Promise.all(others.map((sender) => answered(sender, texts)));
    await held.release();
    await answered('pat', ['first']);

    const [id] = await until('both are listed', async () => {
      const lines = (await deadLetters('list')).split('\n').filter((line) => line.includes(channel.id));
      return lines.length === 2 && lines.map((line) => line.trim().split(' ')[0] ?? '');
    });
    expect(await deadLetters('show', id ?? '')).toContain('"reason": "It ended the process."');
    expect(await deadLetters('replay', id ?? '')).toContain('conversation: 2 replayed');
    await answered('pat', ['first', 'deadly', 'behind']);
    expect(await deadLetters('list')).not.toContain(channel.id);
    const ids = (messages: Message[]): string[] => messages.map((message) => message.id);
    const after = await Promise.all(others.map((sender) => answered(sender, texts)));
    expect(after.map(ids)).toEqual(before.map(ids));
  }, 240_000);
});
