import { jetstreamManager, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type pg from 'pg';
import { PARTITIONS } from './servers.ts';

const tables = `
  DROP SCHEMA IF EXISTS bench_floor CASCADE;
  CREATE SCHEMA bench_floor;
  SET search_path = bench_floor;
  CREATE TABLE conversation (id text PRIMARY KEY, sequence integer NOT NULL) WITH (fillfactor = 50);
  CREATE TABLE message (conversation text NOT NULL, sequence integer NOT NULL, id text NOT NULL UNIQUE, source text UNIQUE,
    body jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (conversation, sequence));
  CREATE TABLE event (id bigserial PRIMARY KEY, subject text NOT NULL, conversation text NOT NULL, sequence integer NOT NULL,
    data jsonb NOT NULL, occurred_at timestamptz NOT NULL DEFAULT now(), UNIQUE (conversation, sequence));
  CREATE TABLE outbox (event bigint PRIMARY KEY);
  CREATE TABLE position (partition integer PRIMARY KEY, position bigint NOT NULL);
  CREATE TABLE lease (partition integer PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL);
  CREATE TABLE delivery (id text PRIMARY KEY, message_id text NOT NULL, sent boolean NOT NULL DEFAULT false);
  RESET search_path;`;

/** Empty tables and streams for one round of the floor: files, as durable as the product's. */
export async function prepareFloor(client: pg.Client, nats: NatsConnection): Promise<void> {
  await client.query('SET client_min_messages = warning');
  await client.query(tables);
  await client.query('INSERT INTO bench_floor.position SELECT n, 0 FROM generate_series(0, $1::int - 1) n', [
    PARTITIONS,
  ]);
  const manager = await jetstreamManager(nats, { timeout: 5000 });
  for (const name of ['FLOOR_IN', 'FLOOR_OUT']) {
    await manager.streams.delete(name).catch(() => undefined);
    await manager.streams.add({
      name,
      subjects: [`${name.toLowerCase()}.>`],
      storage: StorageType.File,
      allow_atomic: true,
      allow_direct: true,
    });
  }
}
