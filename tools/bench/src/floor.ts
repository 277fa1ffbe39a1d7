import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { NatsConnection } from '@parley/messaging';
import { freePort } from '@parley/testing';
import type pg from 'pg';
import { prepareFloor } from '../floors/prepare.ts';
import type { Installation } from './installation.ts';

/** Connections that a bench holds itself. */
export interface Servers {
  installation: Installation;
  database: pg.Client;
  nats: NatsConnection;
}

/** A hand-written floor that runs, on the installation's own PostgreSQL and nats-server. */
export interface Floor {
  port: number;
  stop(): Promise<void>;
}

async function launch(program: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`../floors/${program}.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', path], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`The floor ${program} ended with ${String(code)}.`)));
  });
  return child;
}

/** Starts a floor with empty tables and streams. */
export async function startFloor(
  servers: Servers,
  programs: readonly string[],
  options: { callbackUrl?: string } = {},
): Promise<Floor> {
  await prepareFloor(servers.database, servers.nats);
  const { natsUrl, databaseUrl } = servers.installation.demo;
  const port = await freePort();
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    PG_URL: databaseUrl,
    NATS_URL: natsUrl,
    NATS_USER: 'operator',
    NATS_PASSWORD: servers.installation.natsPassword,
    PORT: String(port),
    ...(options.callbackUrl ? { CALLBACK_URL: options.callbackUrl, REPLY: '1' } : {}),
  };
  const children: ChildProcess[] = [];
  for (const program of programs) children.push(await launch(program, env));
  return {
    port,
    stop: async () => {
      await Promise.all(
        children.map(
          (child) =>
            new Promise<void>((resolve) => {
              if (child.exitCode !== null) return resolve();
              child.once('exit', () => resolve());
              child.kill('SIGTERM');
            }),
        ),
      );
    },
  };
}
