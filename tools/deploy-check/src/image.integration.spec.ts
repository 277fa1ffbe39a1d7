import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { domainOwners } from '@parley/contracts';
import { deriveOperationKeys } from '@parley/messaging';
import { createTestDatabase, freePort } from '@parley/testing';
import type { TestDatabase } from '@parley/testing';

const keysOf = (service: string): string =>
  JSON.stringify(deriveOperationKeys([Buffer.alloc(32, 1)], service, Object.values(domainOwners)));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
const BUILD_MS = 180_000;
const MEGABYTE = 1024 * 1024;

/** What the image holds beside Node: proven by starting it from an empty folder, away from the workspace's packages. */
describe('the content of an image', () => {
  let folder: string;
  let database: TestDatabase;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-image-'));
    database = await createTestDatabase();
    environment = {
      ...{ DATABASE_OWNER_URL: database.ownerUrl, NATS_URL: process.env.PARLEY_TEST_NATS_URL ?? '' },
      DATABASE_URL: database.urlFor('parley_image'),
      DATABASE_RUNNER_URL: database.urlFor('parley_image_runner'),
      ...{ NATS_USER: 'identity', NATS_PASSWORD: 'x', NATS_OPERATOR_PASSWORD: 'x' },
      OPERATION_KEYS: keysOf('identity'),
      MASTER_KEY: randomBytes(32).toString('base64'),
    };
    const env = { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false' };
    await run(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'build', 'identity'], { cwd: root, env });
    await run(process.execPath, ['docker/bundle.mjs', 'identity', folder], { cwd: root, env });
  }, BUILD_MS);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await database.drop();
  });

  it('has no packages, and is small', async () => {
    const files = await readdir(folder);
    expect(files).toEqual(expect.arrayContaining(['main.js', 'migrate.js', 'setup-streams.js', 'parley.js']));
    expect(files).not.toContain('node_modules');
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(25 * MEGABYTE);
  });

  it(
    'is that of the gateway with the widget and the written pages',
    async () => {
      const out = join(folder, 'gateway');
      const env = { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false' };
      const built = [
        'node_modules/nx/dist/bin/nx.js',
        'run-many',
        '-t',
        'build',
        '-p',
        'channel-gateway,widget',
      ];
      await run(process.execPath, built, { cwd: root, env });
      await run(process.execPath, ['docker/bundle.mjs', 'channel-gateway', out], { cwd: root, env });
      expect(await readdir(out)).toEqual(expect.arrayContaining(['main.js', 'parley.js', 'widget']));
      const pages = (await readdir(join(root, 'docs'), { recursive: true })).filter((name) =>
        name.endsWith('.md'),
      );
      expect(await readdir(join(out, 'docs'), { recursive: true })).toEqual(expect.arrayContaining(pages));
    },
    BUILD_MS,
  );

  it(
    "is that of the voice agent with a call's process, its threads and their models",
    async () => {
      const out = join(folder, 'voice');
      const env = { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false' };
      const built = ['node_modules/nx/dist/bin/nx.js', 'build', 'voice-agent'];
      await run(process.execPath, built, { cwd: root, env });
      await run(process.execPath, ['docker/bundle.mjs', 'voice-agent', out], { cwd: root, env });
      expect(await readdir(out)).toEqual(expect.arrayContaining(['main.js', 'bridge.js', 'job.js']));
      const warm = "(await import('./job.js')).default.prewarm({ userData: {} }).then(() => process.exit())";
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', warm], {
        cwd: out,
        env: {
          ...{ NATS_URL: 'nats://127.0.0.1:1', NATS_USER: 'voice-agent', NATS_PASSWORD: 'x' },
          OPERATION_KEYS: keysOf('voice-agent'),
          ...{ LIVEKIT_URL: 'ws://127.0.0.1:1', LIVEKIT_API_KEY: 'x', LIVEKIT_API_SECRET: 'x'.repeat(32) },
        },
      });
      // What could not be loaded would be told here.
      expect(stdout).toBe('');
    },
    BUILD_MS,
  );

  it(
    'migrates, sets up streams, serves and goes down',
    async () => {
      const start = (file: string) => run(process.execPath, [file], { cwd: folder, env: environment });
      expect((await start('migrate.js')).stdout).toContain('0000-mechanism Success');
      expect((await start('migrate.js')).stdout).toBe('');
      expect((await start('setup-streams.js')).stdout).toContain('The streams are set up');

      expect(
        (await run(process.execPath, ['parley.js', 'dlq', 'list'], { cwd: folder, env: environment })).stdout,
      ).toBe('parley_image_runner: no dead letters\n');

      const port = await freePort();
      const env = { ...environment, HEALTH_PORT: String(port) };
      const service = spawn(process.execPath, ['main.js'], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [service.stdout, service.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const exit = new Promise<number | null>((resolve) => service.once('close', resolve));
      try {
        await ready(port, () => output);
      } finally {
        service.kill('SIGTERM');
      }
      expect({ code: await exit, output }).toMatchObject({ code: 0 });
    },
    BUILD_MS,
  );
});

async function ready(port: number, output: () => string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`The service did not become ready:\n${output()}`);
}
