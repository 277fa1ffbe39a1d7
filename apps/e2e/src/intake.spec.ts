import { readFileSync } from 'node:fs';
import { type Message, setUpChannel } from '@parley/contracts';
import { until } from '@parley/testing';
import { clientOf, messagesOf, readDemo, sendCustom } from './demo.ts';
import { allReady, pidOf } from './processes.ts';

describe('Webhooks while PostgreSQL is down', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const textOf = (message: Message): string =>
    message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

  it('are accepted, also by a gateway that starts then, and all are handled afterwards, in order', async () => {
    const { channel, credentials } = await client.call(setUpChannel, {
      spaceId: demo.spaceId,
      channel: { deploymentType: 'CUSTOM', channelIdentifier: `intake-${Date.now()}`, configuration: {} },
      target: { agentId: demo.agentId },
      activate: true,
    });
    const secret = credentials?.webhookSecret ?? '';
    const send = async (number: number): Promise<boolean> =>
      (
        await sendCustom(demo.baseUrl, {
          channelId: channel.id,
          secret,
          sender: 'ivy',
          messageId: `ivy-${number}`,
          text: `Message ${number}`,
        }).catch(() => null)
      )?.status === 202;
    await until('the first is accepted', () => send(1));
    // Stopped, not killed: the launcher would start it again at once.
    const postgres = pidOf('postgres');
    stopTree(postgres, 'SIGSTOP');
    try {
      for (let number = 2; number <= 10; number += 1) expect(await send(number)).toBe(true);
      const gateway = pidOf('channel-gateway');
      process.kill(gateway, 'SIGKILL');
      await until('another gateway is started', () => pidOf('channel-gateway') !== gateway);
      for (let number = 11; number <= 20; number += 1)
        await until(`message ${number} is accepted`, () => send(number), 20_000);
    } finally {
      stopTree(postgres, 'SIGCONT');
    }
    await allReady();
    const mine = await until(
      'all are handled',
      async () => {
        const all = await messagesOf(client, demo, channel.id, 'ivy').catch(() => []);
        const contacts = all.filter(({ author }) => author.type === 'contact');
        const replies = all.filter(({ replyTo }) => replyTo !== null);
        return contacts.length >= 20 && replies.length >= 20 && { contacts, replies };
      },
      30_000,
    );
    const numbers = Array.from({ length: 20 }, (_value, index) => `Message ${index + 1}`);
    expect(mine.contacts.map(textOf)).toEqual(numbers);
    expect(mine.replies.map(({ replyTo }) => replyTo)).toEqual(mine.contacts.map(({ id }) => id));
  }, 120_000);
});

/** Freezes or thaws a server with all its backends: nothing is answered, and no connection is refused. */
function stopTree(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  for (const child of [pid, ...children.split(' ').filter(Boolean).map(Number)]) {
    try {
      process.kill(child, signal);
    } catch {
      // It has ended by itself.
    }
  }
}
