import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection, nuid } from '@nats-io/transport-node';

/** Partitions of the floor's streams, as many as an installation on one machine has. */
export const PARTITIONS = 4;

/** A message for a stream. */
export interface Outgoing {
  subject: string;
  payload: string;
  id?: string;
}

/** A value that the launcher of the floor gives. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing.`);
  return value;
}

/** Connects as the floor's launcher says. */
export function openNats(): Promise<NatsConnection> {
  return connect({
    servers: required('NATS_URL'),
    user: process.env['NATS_USER'],
    pass: process.env['NATS_PASSWORD'],
  });
}

/** Stores messages next to one another, in one round trip and one write to disk. */
export async function publishAll(nats: NatsConnection, messages: readonly Outgoing[]): Promise<void> {
  const batch = nuid.next();
  for (const [index, { subject, payload, id }] of messages.entries()) {
    const last = index === messages.length - 1;
    const found = headers();
    if (id) found.set('Nats-Msg-Id', id);
    if (messages.length > 1) {
      found.set('Nats-Batch-Id', batch);
      found.set('Nats-Batch-Sequence', String(index + 1));
      if (last) found.set('Nats-Batch-Commit', '1');
    }
    if (!last) nats.publish(subject, payload, { headers: found });
    else {
      const reply = await nats.request(subject, payload, { headers: found, timeout: 5000 });
      const ack = reply.json<{ error?: { description: string } }>();
      if (ack.error) throw new Error(`The stream refused: ${ack.error.description}`);
    }
  }
}

/** Reads a subject of a stream in order and gives what has come, up to a limit, to the handler; then the next. */
export async function consume(
  nats: NatsConnection,
  from: { stream: string; subject: string; after: number; limit: number },
  handle: (messages: { sequence: number; text: string }[]) => Promise<void>,
): Promise<void> {
  const client: JetStreamClient = jetstream(nats);
  const consumer = await client.consumers.get(from.stream, {
    filter_subjects: [from.subject],
    opt_start_seq: from.after + 1,
  });
  const messages = await consumer.consume({ max_messages: 512, expires: 5000 });
  let waiting: { sequence: number; text: string }[] = [];
  let busy = false;
  const drain = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, from.limit);
      waiting = waiting.slice(from.limit);
      await handle(batch);
    }
    busy = false;
  };
  for await (const message of messages) {
    waiting.push({ sequence: message.seq, text: message.string() });
    if (!busy) {
      // What the same packet carried shares the batch.
      busy = true;
      setImmediate(() => void drain().catch(fail));
    }
  }
}

/** A floor that cannot go on ends, so that the figure is refused. */
export function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

/** Partition of a key. */
export function partitionOf(key: string): number {
  let hash = 0;
  for (let index = 0; index < key.length; index += 1) hash = (hash * 31 + key.charCodeAt(index)) | 0;
  return Math.abs(hash) % PARTITIONS;
}
