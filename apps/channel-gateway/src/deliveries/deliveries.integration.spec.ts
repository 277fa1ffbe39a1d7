import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  contactErased,
  conversationDeleted,
  createChannel,
  type EventData,
  listDeliveries,
  type Message,
  messageChanged,
  messageForVisitor,
  messagePosted,
  newId,
  replayDelivery,
  setUpChannel,
  updateChannel,
} from '@parley/contracts';
import { sql } from 'kysely';
import { type GatewayBench, openBench } from '../../test/bench.ts';
import { customAdapter } from '../adapters/custom/custom.adapter.ts';

/** A request that reached the callback. */
interface Received {
  id: string;
  body: {
    type: string;
    conversationId: string;
    to: { id: string };
    inReplyTo: string | null;
    message: Message;
  };
  isSigned: boolean;
}

let bench: GatewayBench;
let server: Server;
const received: Received[] = [];
/** Statuses that the callback answers next; 200 when there are none. */
const statuses: number[] = [];
const secrets = new Map<string, string>();

beforeAll(async () => {
  bench = await openBench();
  server = createServer((request, response) => {
    void read(request).then((body) => {
      const secret = secrets.get(request.url?.slice(1) ?? '') ?? '';
      const headers = request.headers as Record<string, string>;
      received.push({
        id: headers['webhook-id'] ?? '',
        body: JSON.parse(body.toString()) as Received['body'],
        isSigned: customAdapter.verify({ headers, body, now: Date.now() }, secret),
      });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 120_000);
afterAll(async () => {
  await bench.close();
  server.close();
});
beforeEach(() => {
  received.splice(0);
  statuses.splice(0);
});

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** An active channel whose callback is the local server. */
async function channelWithCallback(): Promise<string> {
  const path = newId('task');
  const callbackUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`;
  const { channel, credentials } = await bench.call(setUpChannel, {
    channel: { deploymentType: 'CUSTOM', channelIdentifier: path, configuration: { callbackUrl } },
    target: { agentId: await bench.agent() },
  });
  secrets.set(path, credentials?.webhookSecret ?? '');
  return channel.id;
}

/** A conversation of one contact in a channel. */
class Thread {
  readonly conversationId = newId('conv');
  private sequence = 0;

  constructor(private readonly channelId: string) {}

  message(change: Partial<Message> = {}): Message {
    const at = new Date().toISOString();
    const message: Message = {
      ...{ id: newId('msg'), conversationId: this.conversationId, sequence: this.sequence + 1 },
      author: { type: 'agent', agentId: 'agent_one', name: 'Pia' },
      parts: [{ type: 'text', text: 'Hello', format: 'plain' }],
      ...{ citations: [], replyTo: null, internal: false, status: 'accepted', statusReason: null },
      ...{ speech: null, reactions: [], editedAt: null, metadata: {}, createdAt: at, updatedAt: at },
      ...change,
    };
    bench.messages.set(message.id, message);
    return message;
  }

  posted(message: Message, inReplyTo: string | null = 'm-1'): EventData<typeof messagePosted> {
    return {
      ...{ conversationId: this.conversationId, sequence: (this.sequence += 1), message, inReplyTo },
      ...{ owner: 'flow', contactId: 'cont_1', origin: this.origin, target: null, agentIds: [] },
      ...{ attempt: 1, wakes: false },
    };
  }

  changed(
    message: Message,
    change: EventData<typeof messageChanged>['change'],
    providerMessageId: string | null = null,
  ): EventData<typeof messageChanged> {
    return {
      ...{ conversationId: this.conversationId, sequence: (this.sequence += 1), message, change },
      ...{ origin: this.origin, providerMessageId },
    };
  }

  private get origin(): EventData<typeof messagePosted>['origin'] {
    return { channelId: this.channelId, deploymentType: 'CUSTOM', senderId: 'ann' };
  }
}

async function deliveries(channelId: string, count: number, status = 'sent') {
  return bench.until(async () => {
    const { data } = await bench.call(listDeliveries, { channelId });
    const isDone = data.length === count && data.every((one) => one.status === status);
    return isDone && data.toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  }, `${count} deliveries of ${channelId}`);
}

const text = (words: string): Message['parts'] => [{ type: 'text', text: words, format: 'plain' }];

describe('Deliveries of a custom channel', () => {
  it('hand over messages, edits, reactions and deletions, in the order of the conversation', async () => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    const answer = thread.message();
    const edited = { ...answer, parts: text('Hello there'), editedAt: new Date().toISOString() };
    const reacted = { ...edited, reactions: [{ emoji: '👍', accountId: 'acc_1' }] };
    const own = thread.message({ author: { type: 'contact', contactId: 'cont_1', name: 'Ann' } });
    const praised = { ...own, reactions: [{ emoji: '❤️', accountId: 'acc_1' }] };
    const later = thread.message({ parts: text('Anything else?') });
    await bench.feed(messagePosted, thread.posted(answer, 'm-1'));
    await bench.feed(messageChanged, thread.changed(edited, 'edited'));
    await bench.feed(messageChanged, thread.changed(reacted, 'reaction'));
    await bench.feed(messageChanged, thread.changed(praised, 'reaction', 'm-1'));
    await bench.feed(messagePosted, thread.posted(later, null));
    await bench.feed(messageChanged, thread.changed({ ...reacted, parts: [] }, 'deleted'));
    const rows = await deliveries(channelId, 6);
    expect(received.map(({ body }) => body)).toEqual(
      [
        { type: 'message', inReplyTo: 'm-1', message: answer },
        { type: 'message_changed', inReplyTo: 'm-1', message: edited },
        { type: 'reaction', inReplyTo: 'm-1', message: reacted },
        { type: 'reaction', inReplyTo: 'm-1', message: praised },
        { type: 'message', inReplyTo: null, message: later },
        { type: 'message_deleted', inReplyTo: 'm-1', message: { ...reacted, parts: [] } },
      ].map((one) => ({
        ...{ ...one, message: messageForVisitor(one.message) },
        ...{ conversationId: thread.conversationId, to: { id: 'ann' } },
      })),
    );
    // Who of the team reacted is not the contact's to know.
    expect(JSON.stringify(received)).not.toContain('acc_1');
    expect(received.every(({ isSigned }) => isSigned)).toBe(true);
    expect(new Set(received.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id)));
    expect(rows.map(({ kind }) => kind).toSorted()).toEqual([
      ...['message', 'message', 'message_changed', 'message_deleted', 'reaction', 'reaction'],
    ]);
  });

  it('never hand over notes of the team, what was heard of speech, or what the contact wrote', async () => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    const note = thread.message({
      internal: true,
      author: { type: 'account', accountId: 'acc_1', name: 'Bo' },
    });
    const own = thread.message({ author: { type: 'contact', contactId: 'cont_1', name: 'Ann' } });
    const answer = thread.message();
    await bench.feed(messagePosted, thread.posted(note), thread.posted(own));
    await bench.feed(
      messageChanged,
      ...(['edited', 'reaction', 'deleted'] as const).map((change) => thread.changed(note, change)),
      thread.changed(answer, 'speech'),
    );
    await bench.feed(messagePosted, thread.posted(answer));
    await deliveries(channelId, 1);
    expect(received.map(({ body }) => body.message.id)).toEqual([answer.id]);
  });

  it('are written once for each event, and not for a channel without a callback', async () => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    const answer = thread.message();
    const posted = thread.posted(answer);
    await bench.feed(messagePosted, posted, posted);
    await deliveries(channelId, 1);
    expect(received).toHaveLength(1);
    const { channel } = await bench.call(createChannel, {
      ...{ deploymentType: 'CUSTOM' as const, channelIdentifier: 'silent' },
    });
    const silent = new Thread(channel.id);
    await bench.feed(messagePosted, silent.posted(silent.message()));
    await bench.feed(messagePosted, thread.posted(thread.message()));
    await deliveries(channelId, 2);
    expect((await bench.call(listDeliveries, { channelId: channel.id })).data).toEqual([]);
  });

  it('show attempts, reason and the next attempt while they fail, and repeat under the same webhook-id', async () => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    const [first, second] = [thread.message(), thread.message()];
    statuses.push(503);
    await bench.feed(messagePosted, thread.posted(first), thread.posted(second));
    const failing = await bench.until(async () => {
      const { data } = await bench.call(listDeliveries, { channelId, status: 'pending' });
      return data.find(({ attempts }) => attempts === 1);
    }, 'A failing delivery');
    expect(failing).toMatchObject({ messageId: first.id, reason: 'The callback answered 503.' });
    expect(Date.parse(failing.nextAttemptAt ?? '')).toBeGreaterThan(Date.now() - 1000);
    const rows = await deliveries(channelId, 2);
    // The second waited behind the first.
    expect(received.map(({ body }) => body.message.id)).toEqual([first.id, first.id, second.id]);
    expect(received[0]?.id).toBe(received[1]?.id);
    expect(rows.find(({ messageId }) => messageId === first.id)).toMatchObject({
      ...{ attempts: 2, reason: null, nextAttemptAt: null, status: 'sent' },
    });
  });

  it('that failed are replayed under the same id, with the message as it stands', async () => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    const answer = thread.message();
    statuses.push(404);
    await bench.feed(messagePosted, thread.posted(answer));
    const [failed] = await deliveries(channelId, 1, 'failed');
    expect(failed).toMatchObject({ attempts: 1, reason: 'The callback answered 404.' });
    const deliveryId = failed?.id ?? '';
    bench.messages.set(answer.id, { ...answer, parts: text('Reworded') });
    expect(await bench.call(replayDelivery, { channelId, deliveryId })).toMatchObject({ status: 'pending' });
    await deliveries(channelId, 1);
    expect(received.map(({ id }) => id)).toEqual([deliveryId, deliveryId]);
    expect(received[1]?.body).toMatchObject({
      ...{ to: { id: 'ann' }, inReplyTo: 'm-1', message: { parts: text('Reworded') } },
    });
    await expect(bench.call(replayDelivery, { channelId, deliveryId })).rejects.toMatchObject({
      status: 409,
    });
    await expect(bench.call(replayDelivery, { channelId, deliveryId: newId('dlv') })).rejects.toMatchObject({
      status: 404,
    });
  });

  it.each([
    ['contact was erased', contactErased],
    ['conversation was deleted', conversationDeleted],
  ])('that wait for another attempt end when the %s', async (what, event) => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    statuses.push(503, 503, 503);
    await bench.feed(messagePosted, thread.posted(thread.message()), thread.posted(thread.message()));
    await bench.until(() => received.length === 1, 'The first attempt');
    await bench.feed(event, { conversationId: thread.conversationId, sequence: 9 });
    const rows = await deliveries(channelId, 2, 'failed');
    expect(rows.map(({ reason }) => reason)).toEqual(Array(2).fill(`The ${what}.`));
    const tasks = await bench.in((trx) =>
      sql`SELECT FROM task WHERE queue = 'delivery' AND key = ${thread.conversationId}`.execute(trx),
    );
    expect(tasks.rows).toHaveLength(0);
  });

  it('know no address any more once the contact was erased', async () => {
    const channelId = await channelWithCallback();
    const thread = new Thread(channelId);
    const answer = thread.message();
    statuses.push(404);
    await bench.feed(messagePosted, thread.posted(answer));
    const [failed] = await deliveries(channelId, 1, 'failed');
    await bench.feed(contactErased, { conversationId: thread.conversationId, sequence: 9 });
    await bench.until(async () => {
      const row = await bench.in((trx) =>
        trx
          .selectFrom('delivery')
          .select('to_address')
          .where('channel_id', '=', channelId)
          .executeTakeFirst(),
      );
      return row?.to_address === null;
    }, 'The erasure');
    await expect(
      bench.call(replayDelivery, { channelId, deliveryId: failed?.id ?? '' }),
    ).rejects.toMatchObject({ status: 422, code: 'address_gone' });
  });

  it('fail with the reason when the channel is deactivated meanwhile', async () => {
    const channelId = await channelWithCallback();
    await bench.call(updateChannel, { channelId, target: null });
    const thread = new Thread(channelId);
    await bench.feed(messagePosted, thread.posted(thread.message()));
    const [failed] = await deliveries(channelId, 1, 'failed');
    expect(failed?.reason).toBe('The channel is not active.');
  });
});
