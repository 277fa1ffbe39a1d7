/** The usual request path: each request is one transaction, then one publish, then the answer; one process, 16 connections. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { fail, openNats, partitionOf, publishAll, required } from './servers.ts';

const nats = await openNats();
const pool = new pg.Pool({ connectionString: required('PG_URL'), max: 16 });

async function accept(text: string): Promise<string> {
  const { messageId, sender, parts } = JSON.parse(text) as {
    messageId: string;
    sender: { id: string };
    parts: unknown[];
  };
  const id = randomUUID();
  const body = JSON.stringify({ id, parts, source: messageId });
  await pool.query({
    name: 'post',
    text: `WITH counter AS (INSERT INTO bench_floor.conversation VALUES ($1, 1)
               ON CONFLICT (id) DO UPDATE SET sequence = conversation.sequence + 1 RETURNING sequence)
             INSERT INTO bench_floor.message (id, conversation, sequence, source, body) SELECT $2, $1, sequence, $3, $4::jsonb FROM counter`,
    values: [sender.id, id, messageId, body],
  });
  await publishAll(nats, [{ subject: `floor_out.posted.${partitionOf(sender.id)}`, payload: body, id }]);
  return JSON.stringify({ messageId });
}

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    accept(Buffer.concat(chunks).toString()).then((body) => {
      response
        .writeHead(202, { 'content-type': 'application/json', 'content-length': body.length })
        .end(body);
    }, fail);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(required('PORT')), '127.0.0.1', () => console.log('ready'));
