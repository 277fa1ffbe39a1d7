import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, setUpChannel } from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, messagesOf, readDemo, sendCustom } from './demo.ts';
import { HeldSender } from './held-sender.ts';
import { allReady, end, pidOf, startSecond } from './processes.ts';

const SENDERS = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay'];
const EACH = 60;
const PAUSE_MS = 60;
/** Twice the time after which a lease is taken over. */
const FROZEN_MS = 3000;

describe('A consumer that is frozen in the midst of traffic, and thawed', () => {
  const demo = readDemo();
  const client = clientOf(demo);

  let other: ChildProcess | null = null;

  afterEach(async () => {
    if (other) await end(other);
    other = null;
    await allReady();
  });

  async function makeChannel(): Promise<{ id: string; secret: string }> {
    const { channel, credentials } = await client.call(setUpChannel, {
      spaceId: demo.spaceId,
      channel: { deploymentType: 'CUSTOM', channelIdentifier: `frozen-${randomUUID()}`, configuration: {} },
      target: { agentId: demo.agentId },
      activate: true,
    });
    return { id: channel.id, secret: credentials?.webhookSecret ?? '' };
  }

  async function post(channel: { id: string; secret: string }, sender: string, count = EACH): Promise<void> {
    for (let number = 1; number <= count; number += 1) {
      const messageId = `${sender}-${number}`;
      const sending = { channelId: channel.id, secret: channel.secret, sender, messageId, text: messageId };
      await until(
        `${messageId} is accepted`,
        async () => (await sendCustom(demo.baseUrl, sending).catch(() => null))?.status === 202,
      );
      await sleep(PAUSE_MS);
    }
  }

  async function freeze(): Promise<void> {
    await sleep(800);
    const pid = pidOf('conversation');
    process.kill(pid, 'SIGSTOP');
    try {
      await sleep(FROZEN_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(pidOf('conversation')).toBe(pid);
  }

  const textOf = ({ parts }: Message): string =>
    parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

  async function expectEachOnce(channelId: string, sender: string, count = EACH): Promise<void> {
    const { asked, replies } = await until(
      `all of ${sender} is answered`,
      async () => {
        const all = await messagesOf(client, demo, channelId, sender).catch(() => []);
        const contacts = all.filter(({ author }) => author.type === 'contact');
        const answers = all.filter(({ replyTo }) => replyTo !== null);
        return contacts.length >= count && answers.length >= count && { asked: contacts, replies: answers };
      },
      30_000,
    );
    expect(asked.map(textOf)).toEqual(
      Array.from({ length: count }, (_one, index) => `${sender}-${index + 1}`),
    );
    expect(replies.map(({ replyTo }) => replyTo)).toEqual(asked.map(({ id }) => id));
  }

  it.each([
    ['alone', false],
    ['beside a second process that takes over', true],
  ])(
    'does nothing twice and keeps the order, %s',
    async (_how, second) => {
      const channel = await makeChannel();
      if (second) other = await startSecond('conversation');
      await Promise.all([freeze(), ...SENDERS.map((sender) => post(channel, sender))]);
      for (const sender of SENDERS) await expectEachOnce(channel.id, sender);
      // What the frozen one had in hand must show by now, had it been done twice.
      await sleep(1000);
      for (const sender of SENDERS) await expectEachOnce(channel.id, sender);
    },
    120_000,
  );

  it('does nothing twice when it is frozen in the midst of a transaction that another one takes over', async () => {
    const channel = await makeChannel();
    await post(channel, 'ann', 1);
    await expectEachOnce(channel.id, 'ann', 1);
    const held = await new HeldSender(demo.databaseUrl).open();
    const frozen = pidOf('conversation');
    try {
      await held.hold(channel.id, 'ann');
      await post(channel, 'ann', 2);
      await held.seen();
      process.kill(frozen, 'SIGSTOP');
      other = await startSecond('conversation');
      await held.release();
      await expectEachOnce(channel.id, 'ann', 2);
    } finally {
      process.kill(frozen, 'SIGCONT');
      await held.close();
    }
    await sleep(1000);
    expect(pidOf('conversation')).toBe(frozen);
    await post(channel, 'ann', 3);
    await expectEachOnce(channel.id, 'ann', 3);
  });
});
