import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, until } from '@parley/testing';
import { home, readDemo } from './demo.ts';

/** A service as `npm run up` starts it. */
export interface ServiceRecord {
  name: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** Process id of what runs under a name at this moment, in the common stack or in one whose folder is given. */
export function pidOf(name: string, folder = home()): number {
  const all = read<{ name: string; pid: number }[]>('processes.json', folder);
  const found = all.findLast((one) => one.name === name);
  if (!found) throw new Error(`No process "${name}" is running.`);
  return found.pid;
}

/** The process of a running call: the child of the worker that uses the most of it. */
export function jobPid(worker = pidOf('voice-agent')): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), stat: statOf(name) }))
    .filter(({ stat }) => Number(stat[1]) === worker);
  const busiest = children.sort((a, b) => Number(b.stat[11]) - Number(a.stat[11]))[0];
  if (!busiest) throw new Error('The worker has no job.');
  return busiest.pid;
}

/** Fields of /proc/<pid>/stat behind the name: state, parent, …; the twelfth is the time spent in user mode. */
function statOf(pid: string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** How the services of a stack were started. */
export function servicesIn(folder = home()): ServiceRecord[] {
  return read<ServiceRecord[]>('services.json', folder);
}

/** Waits until every service is ready. */
export async function allReady(baseUrl = readDemo().baseUrl): Promise<void> {
  const ready = async (): Promise<boolean | undefined> =>
    (await fetch(`${baseUrl}/readyz?all=1`).catch(() => null))?.ok;
  await until('everything is ready', ready, 30_000);
}

/** Starts a second process of a service beside the one that is supervised, as a second pod would be; it is ready then. */
export async function startSecond(name: string): Promise<ChildProcess> {
  const service = servicesIn().find((one) => one.name === name);
  if (!service) throw new Error(`There is no service "${name}".`);
  const healthPort = String(await freePort());
  const child = spawn(process.execPath, ['main.js'], {
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

function read<Content>(file: string, folder: string): Content {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Content;
}
