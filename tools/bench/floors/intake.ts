/**
 * First process of the floor: HTTP in, one acknowledged publish to a stream, answer. Requests that come while a publish is
 * under way share the next batch. With CALLBACK_URL it also hands replies over: ledger row, then the callback.
 */
import { randomUUID } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import pg from 'pg';
import {
  consume,
  fail,
  openNats,
  type Outgoing,
  PARTITIONS,
  partitionOf,
  publishAll,
  required,
} from './servers.ts';

interface Waiting extends Outgoing {
  done: (stored: boolean) => void;
}

const nats = await openNats();
const waiting: Waiting[] = [];
let busy = false;

async function drain(): Promise<void> {
  busy = true;
  await new Promise((resolve) => setImmediate(resolve));
  while (waiting.length > 0) {
    const batch = waiting.splice(0, 500);
    const stored = await publishAll(nats, batch).then(
      () => true,
      () => false,
    );
    for (const one of batch) one.done(stored);
  }
  busy = false;
}

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const { messageId, sender, parts } = JSON.parse(Buffer.concat(chunks).toString()) as {
      messageId: string;
      sender: { id: string };
      parts: unknown[];
    };
    waiting.push({
      subject: `floor_in.${partitionOf(sender.id)}`,
      payload: JSON.stringify({ messageId, sender: sender.id, parts, receivedAt: new Date().toISOString() }),
      done: (stored) => {
        const body = JSON.stringify({ messageId });
        response
          .writeHead(stored ? 202 : 503, {
            'content-type': 'application/json',
            'content-length': body.length,
          })
          .end(body);
      },
    });
    if (!busy) void drain().catch(fail);
  });
});
server.keepAliveTimeout = 60_000;

interface Reply {
  id: string;
  inReplyTo: string | null;
}

const callback = process.env['CALLBACK_URL'];
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function post(url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    sent.on('response', (answer) => answer.resume().on('end', () => resolve()));
    sent.on('error', reject);
    sent.end(body);
  });
}

async function deliver(pool: pg.Pool, url: string, replies: Reply[]): Promise<void> {
  const ids = replies.map(() => randomUUID());
  await pool.query(
    'INSERT INTO bench_floor.delivery (id, message_id) SELECT * FROM unnest($1::text[], $2::text[])',
    [ids, replies.map(({ id }) => id)],
  );
  const handOver = async (): Promise<void> => {
    await Promise.all(
      replies.map((reply) => post(url, JSON.stringify({ inReplyTo: reply.inReplyTo, message: reply }))),
    );
    await pool.query('UPDATE bench_floor.delivery SET sent = true WHERE id = ANY ($1)', [ids]);
  };
  handOver().catch(fail);
}

if (callback) {
  const pool = new pg.Pool({ connectionString: required('PG_URL'), max: 8 });
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const from = { stream: 'FLOOR_OUT', subject: `floor_out.reply.${partition}`, after: 0, limit: 256 };
    consume(nats, from, async (messages) => {
      const replies = messages.map(({ text }) => JSON.parse(text) as Reply);
      await deliver(pool, callback, replies);
    }).catch(fail);
  }
}

server.listen(Number(required('PORT')), '127.0.0.1', () => console.log('ready'));
