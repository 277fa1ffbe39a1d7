import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { conflict, defineOperation, type Principal, ProblemError } from '@parley/contracts';
import { sql } from 'kysely';
import { z } from 'zod';
import {
  eventually,
  type MechanismBench,
  type NatsBench,
  openMechanismBench,
  openNatsBench,
} from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import { CommandRepository } from './command.repository.ts';
import { OperationClient } from './operation-client.ts';
import { deriveOperationKeys, OperationKeys } from './operation-keys.ts';
import { type OperationContext, OperationServer } from './operation-server.ts';

const input = z.strictObject({ spaceId: z.string(), thread: z.string(), mode: z.string().optional() });
const output = z.object({ count: z.number() });
const add = defineOperation({
  name: 'conversation.add',
  kind: 'command',
  permission: 'internal',
  summary: 'Counts on',
  http: { method: 'POST', path: '/x', status: 201 },
  input,
  output,
});
const secretAdd = defineOperation({ ...add, name: 'conversation.add_secret', secret: true });
const look = defineOperation({ ...add, name: 'conversation.look', kind: 'query', http: undefined });

const services = ['channel-gateway', 'conversation', 'notifications', 'assets'];
const keysOf = (service: string): OperationKeys =>
  new OperationKeys(deriveOperationKeys([Buffer.alloc(32, 1)], service, services));

const principal: Principal = { type: 'account', id: 'acc_1', spaces: { space_a: 'owner' } };
const other: Principal = { type: 'account', id: 'acc_2', spaces: { space_a: 'owner' } };

describe('operations', () => {
  let bench: MechanismBench;
  let server: NatsBench;
  let nats: NatsConnection;
  let client: OperationClient;
  let calls: number;
  const servers: OperationServer[] = [];
  const gates: (() => void)[] = [];

  beforeAll(async () => {
    server = await openNatsBench();
    nats = await server.connect();
  });

  beforeEach(async () => {
    bench = await openMechanismBench();
    client = clientOf('channel-gateway');
    calls = 0;
  });

  afterEach(async () => {
    for (const open of gates.splice(0)) open();
    await Promise.all(servers.splice(0).map((one) => one.stop()));
    await bench.close();
  });

  afterAll(() => server.close());

  const clientOf = (service: string): OperationClient => new OperationClient(nats, keysOf(service));

  /** Works in the database until the gate opens: a transaction that only waits is ended after a second. */
  async function gate({ trx }: OperationContext): Promise<void> {
    let open = false;
    gates.push(() => (open = true));
    while (!open) await sql`SELECT pg_sleep(0.02)`.execute(trx);
  }

  async function count({ thread, mode = '' }: { thread: string; mode?: string }, context: OperationContext) {
    calls += 1;
    const { rows } = await sql<{ count: number }>`
      INSERT INTO thread (id, last_sequence) VALUES (${thread}, 1)
      ON CONFLICT (id) DO UPDATE SET last_sequence = thread.last_sequence + 1 RETURNING last_sequence AS count`.execute(
      context.trx,
    );
    if (mode === 'wait') await gate(context);
    if (mode === 'ask') await client.request(look, { spaceId: 'space_a', thread }, { principal });
    if (mode === 'refuse') throw conflict('Not now.', 'not_now');
    if (mode === 'fail') throw new Error('a defect with a secret in it');
    if (mode === 'value') await sql`SELECT ${'twelve'}::text::integer`.execute(context.trx);
    if (mode === 'lose' && calls < 3) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    return { count: rows[0]?.count ?? 0 };
  }

  async function see({ thread }: { thread: string }, { trx }: OperationContext) {
    calls += 1;
    const { rows } = await sql<{ count: number }>`
      SELECT last_sequence AS count FROM thread WHERE id = ${thread}`.execute(trx);
    return { count: rows[0]?.count ?? 0 };
  }

  async function serve(concurrency?: number): Promise<OperationServer> {
    const one = new OperationServer({
      nats: await server.connect(),
      database: bench.database,
      commands: new CommandRepository(),
      logger: silentLogger,
      cipher: {
        seal: (text) => `sealed ${Buffer.from(text).toString('base64')}`,
        open: (sealed) => Buffer.from(sealed.slice(7), 'base64').toString(),
      },
      keys: keysOf('conversation'),
      concurrency,
    });
    one.add(add, count as never);
    one.add(secretAdd, count as never);
    one.add(look, see as never);
    one.start();
    await nats.flush();
    servers.push(one);
    return one;
  }

  const ask = (
    thread: string,
    options: { key?: string; mode?: string; requestId?: string; as?: Principal; deadlineMs?: number } = {},
  ) => {
    const { key: idempotencyKey, mode, as = principal, ...rest } = options;
    return client.request(
      add,
      { spaceId: 'space_a', thread, ...(mode ? { mode } : {}) },
      { principal: as, idempotencyKey, ...rest },
    );
  };

  const problem = async (work: Promise<unknown>): Promise<ProblemError> => {
    const error: unknown = await work.then(
      () => new Error('it was answered'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof ProblemError)) throw error;
    return error;
  };

  const stored = async (): Promise<number> => {
    const { rows } = await sql`SELECT 1 FROM command`.execute(bench.runner.kysely);
    return rows.length;
  };

  it('answers a command and a query with status and body', async () => {
    await serve();
    expect(await ask('a')).toMatchObject({ status: 201, body: { count: 1 }, replayed: false });
    expect(await client.request(look, { spaceId: 'space_a', thread: 'a' }, { principal })).toMatchObject({
      status: 200,
      body: { count: 1 },
    });
  });

  it('gives the first answer again for the same key and body, to the same principal alone', async () => {
    await serve();
    expect(await ask('a', { key: 'k' })).toMatchObject({ body: { count: 1 }, replayed: false });
    expect(await ask('a', { key: 'k' })).toMatchObject({ status: 201, body: { count: 1 }, replayed: true });
    expect(await ask('a', { key: 'k', as: other })).toMatchObject({ body: { count: 2 }, replayed: false });
    expect(await ask('a', { key: 'k2' })).toMatchObject({ body: { count: 3 }, replayed: false });
    expect(await ask('a')).toMatchObject({ body: { count: 4 } });
  });

  it('keeps the caller for what a command has set going, and repeats what was said last', async () => {
    const seen: unknown[] = [];
    const server = await serve();
    server.addAfter(add, async (output, { input, spaceId }) => {
      seen.push([output, input, spaceId]);
      // No transaction waits meanwhile: one that only waits is ended after a second.
      await sleep(1200);
      return { count: 100 + (output as { count: number }).count };
    });
    expect(await ask('a', { key: 'k' })).toMatchObject({
      status: 201,
      body: { count: 101 },
      replayed: false,
    });
    expect(seen).toEqual([[{ count: 1 }, { spaceId: 'space_a', thread: 'a' }, 'space_a']]);
    expect(await ask('a', { key: 'k' })).toMatchObject({ body: { count: 101 }, replayed: true });
    expect(seen).toHaveLength(1);
    expect(await problem(ask('b', { mode: 'refuse' }))).toMatchObject({ status: 409 });
    expect(seen).toHaveLength(1);
  });

  it('answers what was committed where the wait fails', async () => {
    const server = await serve();
    server.addAfter(add, () => Promise.reject(new Error('a defect')));
    expect(await ask('a', { key: 'k' })).toMatchObject({ status: 201, body: { count: 1 } });
    expect(await ask('a', { key: 'k' })).toMatchObject({ body: { count: 1 }, replayed: true });
  });

  it('refuses a key with another body, and after a day knows it no more', async () => {
    await serve();
    await ask('a', { key: 'k' });
    expect(await problem(ask('b', { key: 'k' }))).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    });
    await sql`UPDATE command SET expires_at = now() - interval '1 second'`.execute(bench.runner.kysely);
    expect(await ask('b', { key: 'k' })).toMatchObject({ body: { count: 1 }, replayed: false });
  });

  it('acts once for a request that is repeated while it is at work, here and in another process', async () => {
    await Promise.all([serve(), serve()]);
    const asked = ask('a', { mode: 'wait', requestId: 'req_1' });
    await eventually('it is repeated', () => gates.length > 0);
    const repeats = Array.from({ length: 10 }, () => ask('a', { mode: 'wait', requestId: 'req_1' }));
    await sleep(1500);
    for (const open of gates.splice(0)) open();
    for (const answer of await Promise.all([asked, ...repeats]))
      expect(answer).toMatchObject({ status: 201, body: { count: 1 } });
    expect(calls).toBe(1);
  });

  it('tells another request with a key at work to come back', async () => {
    await Promise.all([serve(), serve()]);
    const first = ask('a', { key: 'k', mode: 'wait' });
    await eventually('it is at work', () => gates.length > 0);
    expect(await problem(ask('a', { key: 'k', mode: 'wait' }))).toMatchObject({
      status: 409,
      code: 'still_running',
    });
    for (const open of gates.splice(0)) open();
    expect(await first).toMatchObject({ body: { count: 1 } });
    expect(await ask('a', { key: 'k', mode: 'wait' })).toMatchObject({ body: { count: 1 }, replayed: true });
  });

  it('keeps nothing of a refusal or a defect, and tells no detail of a defect', async () => {
    await serve();
    expect(await problem(ask('a', { key: 'k', mode: 'refuse' }))).toMatchObject({
      status: 409,
      code: 'not_now',
    });
    const defect = await problem(ask('a', { key: 'k', mode: 'fail' }));
    expect(defect).toMatchObject({ status: 500, code: 'internal' });
    expect(defect.message).not.toContain('secret');
    expect(await stored()).toBe(0);
    expect(await ask('a', { key: 'k' })).toMatchObject({ body: { count: 1 }, replayed: false });
  });

  it('refuses a value that the database rejects, with the reason, and keeps nothing of it', async () => {
    await serve();
    expect(await problem(ask('a', { key: 'k', mode: 'value' }))).toMatchObject({
      status: 422,
      code: 'invalid_value',
      message: expect.stringContaining('invalid input syntax for type integer: "twelve"'),
    });
    expect(calls).toBe(1);
    expect(await stored()).toBe(0);
  });

  it('refuses a handler that asks another operation inside its transaction, and keeps nothing of it', async () => {
    await serve();
    const asked = { spaceId: 'space_a', thread: 'asks' };
    await expect(client.request(add, { ...asked, mode: 'ask' }, { principal })).rejects.toMatchObject({
      status: 500,
    });
    expect((await client.request(add, asked, { principal })).body).toEqual({ count: 1 });
  });

  it('repeats a transaction that failed for a passing reason', async () => {
    await serve();
    expect(await ask('a', { key: 'k', mode: 'lose' })).toMatchObject({ body: { count: 1 } });
    expect(calls).toBe(3);
  });

  it('refuses unknown fields', async () => {
    await serve();
    const wrong = { spaceId: 'space_a', thread: 'a', more: 1 };
    expect(await problem(client.request(add, wrong as never, { principal }))).toMatchObject({ status: 400 });
    const nul = { spaceId: 'space_a', thread: 'a\u0000b' };
    const refused = { status: 400, errors: [{ pointer: '/thread' }] };
    expect(await problem(client.request(add, nul, { principal }))).toMatchObject(refused);
    expect(calls).toBe(0);
  });

  it('waits for an owner that appears, and gives up at the deadline', async () => {
    const early = ask('a');
    await sleep(300);
    await serve();
    expect(await early).toMatchObject({ body: { count: 1 } });
    await servers.pop()?.stop();
    expect(await problem(ask('a', { deadlineMs: 400 }))).toMatchObject({
      status: 504,
      code: 'outcome_unknown',
    });
    const asked = client.request(look, { spaceId: 'space_a', thread: 'a' }, { principal, deadlineMs: 300 });
    expect(await problem(asked)).toMatchObject({ status: 503 });
  });

  it('answers 504 when a command takes longer than its deadline, and its answer later', async () => {
    await serve();
    const slow = ask('a', { key: 'k', mode: 'wait', deadlineMs: 400 });
    expect(await problem(slow)).toMatchObject({ status: 504 });
    for (const open of gates.splice(0)) open();
    await eventually('it is stored', async () => (await stored()) === 1);
    expect(await ask('a', { key: 'k', mode: 'wait' })).toMatchObject({ body: { count: 1 }, replayed: true });
  });

  it('tells those that are too many to come back, but not the repeats of those at work', async () => {
    const one = await serve(3);
    const busy = ['a', 'b', 'c'].map((thread) => ask(thread, { mode: 'wait', requestId: `req_${thread}` }));
    await eventually('all are at work', () => gates.length === 3);
    expect(await problem(ask('d'))).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    const repeat = ask('a', { mode: 'wait', requestId: 'req_a' });
    await sleep(1200);
    expect(one.stats.open).toBe(3);
    for (const open of gates.splice(0)) open();
    expect(await repeat).toMatchObject({ body: { count: 1 } });
    await Promise.all(busy);
    expect(await ask('d')).toMatchObject({ body: { count: 1 } });
  });

  it('keeps answers that hold secrets sealed, and for ten minutes', async () => {
    await serve();
    const once = () =>
      client.request(secretAdd, { spaceId: 'space_a', thread: 'a' }, { principal, idempotencyKey: 'k' });
    expect(await once()).toMatchObject({ body: { count: 1 }, replayed: false });
    expect(await once()).toMatchObject({ body: { count: 1 }, replayed: true });
    const { rows } = await sql<{ answer: string; seconds: number }>`
      SELECT answer, extract(epoch FROM expires_at - now())::int AS seconds FROM command`.execute(
      bench.runner.kysely,
    );
    expect(rows[0]?.answer).toMatch(/^sealed /u);
    expect(rows[0]?.seconds).toBeLessThanOrEqual(600);
  });

  it('acts once for each request while nats-server is killed', async () => {
    await Promise.all([serve(), serve()]);
    let running = true;
    const asked = Promise.all(
      Array.from({ length: 8 }, async (_value, thread) => {
        let done = 0;
        for (; running; done += 1) await ask(`t${thread}`);
        return done;
      }),
    );
    for (let kill = 0; kill < 3; kill += 1) {
      await sleep(300);
      await server.kill();
      await server.start();
    }
    await sleep(300);
    running = false;
    const done = await asked;
    expect(done.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(50);
    const { rows } = await sql<{ count: number }>`
      SELECT last_sequence AS count FROM thread ORDER BY id`.execute(bench.database.kysely);
    expect(rows.map(({ count: found }) => found)).toEqual(done);
  }, 60_000);
});
