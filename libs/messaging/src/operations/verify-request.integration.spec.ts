import { setTimeout as sleep } from 'node:timers/promises';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { defineOperation, type Principal, ProblemError, servicePrincipal } from '@parley/contracts';
import { z } from 'zod';
import { type MechanismBench, type NatsBench, openMechanismBench, openNatsBench } from '../../test/bench.ts';
import { silentLogger } from '../logger.ts';
import { CommandRepository } from './command.repository.ts';
import { type RequestOptions, OperationClient } from './operation-client.ts';
import { deriveOperationKeys, OperationKeys } from './operation-keys.ts';
import { OperationServer } from './operation-server.ts';

const add = defineOperation({
  name: 'conversation.add',
  kind: 'command',
  permission: 'internal',
  summary: 'Counts on',
  http: { method: 'POST', path: '/x', status: 201 },
  input: z.strictObject({ spaceId: z.string(), thread: z.string() }),
  output: z.object({ count: z.number() }),
});
const addSecret = defineOperation({ ...add, name: 'conversation.add_secret' });

const services = ['channel-gateway', 'conversation', 'notifications', 'assets'];
const [root, newRoot] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const keysOf = (service: string, roots = [root]): OperationKeys =>
  new OperationKeys(deriveOperationKeys(roots, service, services));

const principal: Principal = { type: 'account', id: 'acc_1', spaces: { space_a: 'owner' } };
const other: Principal = { type: 'account', id: 'acc_2', spaces: { space_a: 'owner' } };

describe('the owner of an operation', () => {
  let bench: MechanismBench;
  let server: NatsBench;
  let nats: NatsConnection;
  let calls: number;
  const servers: OperationServer[] = [];

  beforeAll(async () => {
    [server, bench] = await Promise.all([openNatsBench(), openMechanismBench()]);
    nats = await server.connect();
  });

  afterEach(async () => void (await Promise.all(servers.splice(0).map((one) => one.stop()))));

  afterAll(async () => {
    await server.close();
    await bench.close();
  });

  async function serve(keys = keysOf('conversation')): Promise<OperationServer> {
    const one = new OperationServer({
      nats: await server.connect(),
      database: bench.database,
      commands: new CommandRepository(),
      logger: silentLogger,
      cipher: { seal: (text) => text, open: (sealed) => sealed },
      keys,
    });
    const count = async (): Promise<unknown> => ({ count: (calls += 1) });
    one.add(add, count);
    one.add(addSecret, count);
    one.start();
    await nats.flush();
    servers.push(one);
    return one;
  }

  const clientOf = (service: string, keys = keysOf(service)): OperationClient =>
    new OperationClient(nats, keys);

  /** A client whose requests are changed on their way. */
  function clientThrough(
    change: (sent: { subject: string; text: string; headers: MsgHdrs }) => void,
  ): OperationClient {
    const connection = {
      request: async (subject: string, text: string, options: { headers: MsgHdrs }) => {
        const sent = { subject, text, headers: options.headers };
        change(sent);
        return nats.request(sent.subject, sent.text, options as never);
      },
      isClosed: () => false,
    };
    return new OperationClient(connection as never, keysOf('channel-gateway'));
  }

  const problem = async (work: Promise<unknown>): Promise<ProblemError> => {
    const error: unknown = await work.then(
      () => new Error('it was answered'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof ProblemError)) throw error;
    return error;
  };

  const input = { spaceId: 'space_a', thread: 'a' };
  /** Raw request and what the owner answers to it. */
  type Sent = { subject: string; text: string; headers: MsgHdrs };
  const send = async ({ subject, text, headers: sent }: Sent): Promise<number> => {
    const answer = await nats.request(subject, text, { headers: sent, timeout: 2000 });
    return Number(answer.headers?.get('parley-status'));
  };
  const capture = async (options: Partial<RequestOptions> = {}): Promise<Sent> => {
    let captured: Sent | undefined;
    await clientThrough((sent) => (captured = { ...sent }))
      .request(add, input, { principal, ...options })
      .catch(() => undefined);
    if (!captured) throw new Error('Nothing was sent.');
    return captured;
  };

  beforeEach(async () => {
    calls = 0;
    await serve();
  });

  it('refuses a request without signature, or with anything of it changed', async () => {
    const changes: [string, (sent: Sent) => void][] = [
      ['no signature', ({ headers: sent }) => sent.delete('parley-signature')],
      ['no caller', ({ headers: sent }) => sent.delete('parley-caller')],
      ['signature', ({ headers: sent }) => sent.set('parley-signature', 'x'.repeat(43))],
      ['caller', ({ headers: sent }) => sent.set('parley-caller', 'notifications')],
      ['unknown caller', ({ headers: sent }) => sent.set('parley-caller', 'nobody')],
      ['principal', ({ headers: sent }) => sent.set('parley-principal', JSON.stringify(other))],
      ['request id', ({ headers: sent }) => sent.set('parley-request-id', 'req_other')],
      ['deadline', ({ headers: sent }) => sent.set('parley-deadline', String(Date.now() + 60_000))],
      ['key', ({ headers: sent }) => sent.set('parley-idempotency-key', 'other')],
      ['if-match', ({ headers: sent }) => sent.set('parley-if-match', '*')],
      ['body', (sent) => (sent.text = JSON.stringify({ ...input, thread: 'b' }))],
      ['operation', (sent) => (sent.subject = 'operation.conversation.add_secret')],
    ];
    for (const [what, change] of changes) {
      const asked = clientThrough(change).request(add, input, { principal, deadlineMs: 5000 });
      expect([what, await problem(asked)]).toMatchObject([
        what,
        { status: 503, code: 'request_not_trusted' },
      ]);
    }
    expect(calls).toBe(0);
  });

  it('lets the gateway speak for people, and every other service for itself alone', async () => {
    const people: Principal[] = [
      principal,
      { type: 'api_key', id: 'key_1', spaces: {} },
      { type: 'service_account', id: 'acc_9', spaces: {} },
      { type: 'visitor', id: 'cont_1', spaces: {} },
      { type: 'anonymous', id: 'anonymous', spaces: {} },
    ];
    for (const one of people) {
      expect(await clientOf('channel-gateway').request(add, input, { principal: one })).toMatchObject({
        status: 201,
      });
      const asked = clientOf('notifications').request(add, input, { principal: one });
      expect(await problem(asked)).toMatchObject({ status: 503, code: 'request_not_trusted' });
    }
    const own = servicePrincipal('notifications', 'space_a');
    expect(await clientOf('notifications').request(add, input, { principal: own })).toMatchObject({
      status: 201,
    });
    for (const caller of ['channel-gateway', 'assets'])
      expect(await problem(clientOf(caller).request(add, input, { principal: own }))).toMatchObject({
        code: 'request_not_trusted',
      });
    expect(calls).toBe(people.length + 1);
  });

  it('refuses what was signed for another owner, or with the key of another pair', async () => {
    // The same request, signed for assets: the key of that pair opens nothing here.
    const stored = deriveOperationKeys([root], 'channel-gateway', services);
    const assets = { ...stored.calls, conversation: stored.calls['assets'] ?? [] };
    const keys = new OperationKeys({ ...stored, calls: assets });
    const asked = clientOf('channel-gateway', keys).request(add, input, { principal });
    expect(await problem(asked)).toMatchObject({ code: 'request_not_trusted' });
    // An owner that turns round: what verifies requests of the gateway signs none to another owner.
    const notifications = deriveOperationKeys([root], 'notifications', services);
    const known = notifications.answers['channel-gateway'] ?? [];
    const forger = new OperationKeys({
      ...notifications,
      service: 'channel-gateway',
      calls: { conversation: known },
    });
    const forged = clientOf('channel-gateway', forger).request(add, input, { principal });
    expect(await problem(forged)).toMatchObject({ code: 'request_not_trusted' });
    expect(calls).toBe(0);
  });

  it('refuses an old request that is sent again, and acts once for a fresh one', async () => {
    const fresh = await capture();
    expect(await send(fresh)).toBe(201);
    expect(calls).toBe(1);
    const old = await capture({ deadlineMs: 200 });
    expect(calls).toBe(2);
    await sleep(1300);
    expect(await send(old)).toBe(503);
    const far = await capture({ deadlineMs: 400_000 });
    expect(await send(far)).toBe(503);
    expect(calls).toBe(2);
  });

  it('accepts two keys while they are replaced', async () => {
    await servers.pop()?.stop();
    const one = await serve(keysOf('conversation', [root, newRoot]));
    for (const roots of [[root], [newRoot], [newRoot, root]]) {
      const client = clientOf('channel-gateway', keysOf('channel-gateway', roots));
      expect(await client.request(add, input, { principal })).toMatchObject({ status: 201 });
    }
    await one.stop();
    await serve(keysOf('conversation', [newRoot]));
    const asked = clientOf('channel-gateway').request(add, input, { principal });
    expect(await problem(asked)).toMatchObject({ code: 'request_not_trusted' });
  });
});
