/**
 * Second process of the floor: leased log consumers of four partitions. Each batch is one transaction: position by compare,
 * conversations locked in order, then message, event and outbox rows in one statement. A relay publishes the outbox in
 * atomic batches and removes rows after the acknowledgement. With REPLY a fixed answer is posted after each message.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { consume, fail, openNats, PARTITIONS, publishAll, required } from './servers.ts';

interface Inbound {
  messageId: string;
  sender: string;
  parts: unknown[];
}

interface Row {
  id: string;
  conversation: string;
  sequence: number;
  source: string | null;
  kind: 'posted' | 'reply';
  body: string;
}

const nats = await openNats();
const pool = new pg.Pool({ connectionString: required('PG_URL'), max: PARTITIONS + 2 });
const replies = process.env['REPLY'] === '1';
const holder = randomUUID();
let poke: (() => void) | null = null;

async function lease(): Promise<void> {
  await pool.query(
    `INSERT INTO bench_floor.lease SELECT n, $1, now() + interval '1.5 s' FROM generate_series(0, $2::int - 1) n
     ON CONFLICT (partition) DO UPDATE SET holder = $1, until = excluded.until`,
    [holder, PARTITIONS],
  );
}

const lockConversations = `
  INSERT INTO bench_floor.conversation (id, sequence) SELECT * FROM unnest($1::text[], $2::int[]) ORDER BY 1
  ON CONFLICT (id) DO UPDATE SET sequence = conversation.sequence + excluded.sequence RETURNING id, sequence`;
const writeAll = `
  WITH rows AS (SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[])
                  AS r (id, conversation, sequence, source, kind, body, partition)),
    posted AS (INSERT INTO bench_floor.message (id, conversation, sequence, source, body)
                 SELECT id, conversation, sequence, source, body::jsonb FROM rows),
    logged AS (INSERT INTO bench_floor.event (subject, conversation, sequence, data)
                 SELECT 'floor_out.' || kind || '.' || partition, conversation, sequence, body::jsonb FROM rows ORDER BY conversation, sequence
                 RETURNING id)
  INSERT INTO bench_floor.outbox SELECT id FROM logged`;

/** Rows of a batch: sequences follow from the locked counters, in the order of the stream. */
function rowsOf(fresh: Inbound[], counters: Map<string, number>): Row[] {
  const rows: Row[] = [];
  const add = (message: Inbound, kind: Row['kind'], body: object): void => {
    const sequence = (counters.get(message.sender) ?? 0) + 1;
    counters.set(message.sender, sequence);
    const id = randomUUID();
    const source = kind === 'posted' ? message.messageId : null;
    const head = { id, conversation: message.sender, sequence };
    rows.push({ ...head, source, kind, body: JSON.stringify({ ...head, ...body }) });
  };
  for (const message of fresh) {
    add(message, 'posted', { inReplyTo: null, parts: message.parts, source: message.messageId });
    if (replies)
      add(message, 'reply', { inReplyTo: message.messageId, parts: [{ type: 'text', text: 'Thank you.' }] });
  }
  return rows;
}

async function store(client: pg.PoolClient, partition: number, inbound: Inbound[]): Promise<void> {
  const known = await client.query<{ source: string }>(
    'SELECT source FROM bench_floor.message WHERE source = ANY ($1)',
    [inbound.map(({ messageId }) => messageId)],
  );
  const seen = new Set(known.rows.map(({ source }) => source));
  const fresh = inbound.filter(({ messageId }) => !seen.has(messageId) && seen.add(messageId));
  if (fresh.length === 0) return;
  const counts = new Map<string, number>();
  for (const { sender } of fresh) counts.set(sender, (counts.get(sender) ?? 0) + (replies ? 2 : 1));
  const locked = await client.query<{ id: string; sequence: number }>(lockConversations, [
    [...counts.keys()],
    [...counts.values()],
  ]);
  const counters = new Map(locked.rows.map(({ id, sequence }) => [id, sequence - (counts.get(id) ?? 0)]));
  const rows = rowsOf(fresh, counters);
  await client.query({
    name: 'write',
    text: writeAll,
    values: [
      rows.map(({ id }) => id),
      rows.map(({ conversation }) => conversation),
      rows.map(({ sequence }) => sequence),
      rows.map(({ source }) => source),
      rows.map(({ kind }) => kind),
      rows.map(({ body }) => body),
      rows.map(() => partition),
    ],
  });
}

async function commit(
  partition: number,
  move: { from: number; to: number },
  inbound: Inbound[],
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const moved = await client.query(
      'UPDATE bench_floor.position SET position = $3 WHERE partition = $1 AND position = $2',
      [partition, move.from, move.to],
    );
    if (moved.rowCount !== 1) throw new Error('Another process moved the position.');
    await store(client, partition, inbound);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  poke?.();
}

async function relay(): Promise<never> {
  for (;;) {
    const { rows } = await pool.query<{ id: string; subject: string; data: string }>(
      'SELECT e.id, e.subject, e.data::text AS data FROM bench_floor.outbox o JOIN bench_floor.event e ON e.id = o.event ORDER BY o.event LIMIT 500',
    );
    if (rows.length > 0) {
      await publishAll(
        nats,
        rows.map(({ id, subject, data }) => ({ subject, payload: data, id })),
      );
      await pool.query('DELETE FROM bench_floor.outbox WHERE event = ANY ($1::bigint[])', [
        rows.map(({ id }) => id),
      ]);
      continue;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 100);
      poke = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

await lease();
setInterval(() => void lease().catch(fail), 500);
relay().catch(fail);
for (let partition = 0; partition < PARTITIONS; partition += 1) {
  let position = 0;
  const from = { stream: 'FLOOR_IN', subject: `floor_in.${partition}`, after: 0, limit: 256 };
  consume(nats, from, async (messages) => {
    const to = messages.at(-1)?.sequence ?? position;
    const inbound = messages.map(({ text }) => JSON.parse(text) as Inbound);
    await commit(partition, { from: position, to }, inbound);
    position = to;
  }).catch(fail);
}
console.log('ready');
