import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, until } from '@parley/testing';
import { home, readDemo } from './demo.ts';

interface ServiceRecord {
  name: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** Process id of what runs under a name at this moment. */
export function pidOf(name: string): number {
  const all = read<{ name: string; pid: number }[]>('processes.json');
  const found = all.findLast((one) => one.name === name);
  if (!found) throw new Error(`No process "${name}" is running.`);
  return found.pid;
}

/** Waits until every service is ready. */
export async function allReady(): Promise<void> {
  const { baseUrl } = readDemo();
  const ready = async (): Promise<boolean | undefined> =>
    (await fetch(`${baseUrl}/readyz?all=1`).catch(() => null))?.ok;
  await until('everything is ready', ready, 30_000);
}

/** Starts a second process of a service beside the one that is supervised, as a second pod would be; it is ready then. */
export async function startSecond(name: string): Promise<ChildProcess> {
  const service = read<ServiceRecord[]>('services.json').find((one) => one.name === name);
  if (!service) throw new Error(`There is no service "${name}".`);
  const healthPort = String(await freePort());
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: service.folder,
    env: { ...service.env, HEALTH_PORT: healthPort },
    stdio: 'ignore',
  });
  const ready = async (): Promise<boolean | undefined> =>
    (await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => null))?.ok;
  await until(`a second ${name} is ready`, ready, 30_000);
  return child;
}

/** Ends a process that was started here. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await ended;
}

function read<Content>(file: string): Content {
  return JSON.parse(readFileSync(join(home(), file), 'utf8')) as Content;
}
