import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createRule, listRules, servicePrincipal } from '@parley/contracts';
import { connectNats, ensureStreams, underTrace } from '@parley/messaging';
import type { NatsConnection } from '@parley/messaging';
import { createTestDatabase, freePort } from '@parley/testing';
import type { TestDatabase } from '@parley/testing';

import { TestOperationCaller, storedTestOperationKeys } from '../testing/index.ts';
import { startTracing } from '../tracing/tracing.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const folder = fileURLToPath(new URL('../../test/', import.meta.url));

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

function run(program: string, environment: NodeJS.ProcessEnv): Started {
  const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', `${folder}${program}`];
  const env = { PATH: process.env.PATH, ...environment };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { process: child, output: () => text, exit };
}

describe('a service', () => {
  let database: TestDatabase;
  let nats: NatsConnection;
  let environment: NodeJS.ProcessEnv;
  let healthUrl: string;
  let service: Started | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    const healthPort = await freePort();
    healthUrl = `http://127.0.0.1:${healthPort}`;
    const natsUrl = process.env.PARLEY_TEST_NATS_URL ?? '';
    environment = {
      DATABASE_URL: database.urlFor('parley_kit'),
      DATABASE_RUNNER_URL: database.urlFor('parley_kit_runner'),
      ...{
        NATS_URL: natsUrl,
        NATS_USER: 'notifications',
        NATS_PASSWORD: 'x',
        HEALTH_PORT: String(healthPort),
      },
      OPERATION_KEYS: JSON.stringify(storedTestOperationKeys('notifications')),
      ...{ MASTER_KEY: randomBytes(32).toString('base64'), GREETING: 'hello' },
    };
    nats = await connectNats({ url: natsUrl, user: 'operator', password: 'x', name: 'spec' });
    await ensureStreams(nats, { partitions: 4 });
    const migrated = run('tiny-migrate.ts', { ...environment, DATABASE_OWNER_URL: database.ownerUrl });
    expect({ code: await migrated.exit, output: migrated.output() }).toMatchObject({ code: 0 });
  }, 60_000);

  afterAll(async () => {
    service?.process.kill('SIGKILL');
    await nats.close();
    await database.drop();
  });

  const get = async (path: string) => {
    const answer = await fetch(`${healthUrl}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const until = async (holds: () => Promise<boolean> | boolean, what: string) => {
    for (let tries = 0; tries < 400; tries += 1) {
      if (
        await Promise.resolve()
          .then(holds)
          .catch(() => false)
      )
        return;
      await sleep(25);
    }
    throw new Error(`${what} did not come about. The service said:\n${service?.output()}`);
  };

  it('refuses a bad environment with one message that names every variable and no value', async () => {
    const { exit, output } = run('tiny-service.ts', {
      ...environment,
      ...{ LOG_LEVEL: 'canary', GREETING: '', MASTER_KEY: '' },
    });
    expect(await exit).toBe(1);
    for (const name of ['LOG_LEVEL must be one of', 'GREETING is missing', 'MASTER_KEY_FILE is missing']) {
      expect(output()).toContain(name);
    }
    expect(output()).not.toContain('canary');
    expect(output()).not.toContain('    at ');
  });

  it('says what it reads', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=source',
      `${folder}tiny-service.ts`,
      '--help-config',
    ]);
    expect(stdout).toMatch(/^DATABASE_URL +required/m);
    expect(stdout).toMatch(/^LOG_LEVEL +default "info"/m);
  });

  it('boots, migrated, and is ready', async () => {
    service = run('tiny-service.ts', environment);
    await until(async () => (await get('/readyz')).status === 200, 'Readiness');
    expect(JSON.parse((await get('/readyz')).text)).toMatchObject({
      ...{ service: 'notifications', status: 'ok' },
      checks: { postgresql: { status: 'ok' }, nats: { status: 'ok' }, outbox: { status: 'ok' } },
    });
    expect(service.output()).toContain('Service started');
  });

  it('answers an operation, passes its event on and does the task, all in one trace', async () => {
    await startTracing('spec', undefined);
    const client = new TestOperationCaller(nats);
    const options = { principal: servicePrincipal('spec', 'space_1') };
    const input = {
      spaceId: 'space_1',
      name: 'canary',
      event: 'flow.handoff_requested',
      media: ['inbox'],
      roles: ['owner'],
    } as const;
    const { status, body } = await underTrace(traceparent, () =>
      client.request(createRule, { ...input, media: [...input.media], roles: [...input.roles] }, options),
    );
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({
      greeting: 'hello',
      traceparent,
      sealed: expect.stringMatching(/^s1\./),
    });
    await until(() => service?.output().includes('A task was done') === true, 'The task');
    expect(service?.output()).toMatch(new RegExp(`"traceparent":"${traceparent}".*A task was done`));
  });

  it("lets a handler's refusal through and hides a defect", async () => {
    const client = new TestOperationCaller(nats);
    const options = { principal: servicePrincipal('spec', 'space_1') };
    const input = {
      spaceId: 'space_1',
      name: 'refused',
      event: 'flow.handoff_requested' as const,
      media: ['inbox' as const],
      roles: ['owner' as const],
    };
    await expect(client.request(createRule, input, options)).rejects.toMatchObject({
      status: 422,
      code: 'refused',
    });
    const defect = client.request(listRules, { spaceId: 'space_1' }, options);
    await expect(defect).rejects.toMatchObject({
      status: 500,
      message: expect.not.stringContaining('canary'),
    });
    await until(() => service?.output().includes('Operation failed') === true, 'The defect in the log');
  });

  it('shows the numbers of its parts', async () => {
    const { text } = await get('/metrics');
    for (const line of ['parley_told_total 1', 'parley_relay_published 1', 'parley_operations_answered 1']) {
      expect(text).toContain(line);
    }
    expect(text).toContain('parley_runner_consumers_events{name="tiny.NOTIFICATION"} 1');
  });

  it('goes down on a signal, and clean', async () => {
    service?.process.kill('SIGTERM');
    const code = await Promise.race([service?.exit, sleep(10_000, 'late', { ref: false })]);
    expect({ code, output: service?.output() }).toMatchObject({ code: 0 });
    expect(service?.output()).not.toContain('failed and');
    await expect(get('/healthz')).rejects.toThrow();
  });

  it('boots and stays alive while PostgreSQL is away, without being ready', async () => {
    const nowhere = `postgres://x:x@127.0.0.1:${await freePort()}/x`;
    service = run('tiny-service.ts', { ...environment, DATABASE_URL: nowhere, DATABASE_RUNNER_URL: nowhere });
    await until(() => service?.output().includes('Service started') === true, 'The boot');
    const { status, text } = await get('/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      checks: { postgresql: { status: 'failed', detail: 'ECONNREFUSED' }, nats: { status: 'ok' } },
    });
    expect((await get('/healthz')).status).toBe(200);
    service.process.kill('SIGINT');
    expect(await service.exit).toBe(0);
  });

  it('opens a public door, with its limits, and closes it', async () => {
    const port = String(await freePort());
    service = run('tiny-service.ts', { ...environment, DOOR: 'open', PORT: port });
    await until(async () => (await get('/readyz')).status === 200, 'Readiness');
    const post = async (body: string) =>
      fetch(`http://127.0.0.1:${port}/greet`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    const answer = await post('{}');
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 200,
      body: { greeting: 'hello' },
    });
    const refused = new TestOperationCaller(nats).request(
      createRule,
      {
        spaceId: 'space_1',
        name: 'refused',
        event: 'flow.handoff_requested',
        media: ['inbox'],
        roles: ['owner'],
      },
      { principal: servicePrincipal('spec', 'space_1') },
    );
    await expect(refused).rejects.toMatchObject({ status: 422, code: 'refused' });
    expect((await post(JSON.stringify('x'.repeat(2_000)))).status).toBe(413);
    const { text } = await get('/metrics');
    expect(text).toContain('parley_http_request_seconds_count{method="POST",route="/greet",status="2xx"} 1');
    service.process.kill('SIGTERM');
    expect(await service.exit).toBe(0);
    await expect(post('{}')).rejects.toThrow();
  });
});
