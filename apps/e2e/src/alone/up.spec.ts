import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findLiveKitServer, findNatsServer, findS3Server, freePort, until } from '@parley/testing';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

interface Started {
  child: ChildProcess;
  printed(): string;
  ended: Promise<number | null>;
}

interface Recorded {
  pid: number;
  name: string;
}

describe('npm run up', () => {
  const home = mkdtempSync(join(tmpdir(), 'parley-up-'));
  const started: Started[] = [];
  let port: number;

  beforeAll(async () => {
    port = await freePort();
  });

  afterAll(async () => {
    for (const { child, ended } of started) {
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(home, { recursive: true, force: true });
  });

  function up(env: NodeJS.ProcessEnv = {}, user: { uid?: number; gid?: number } = {}): Started {
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    const child = spawn('node', [join(root, 'tools/up/bin/up.mjs')], {
      cwd: root,
      env: { ...inherited, PARLEY_HOME: home, PORT: String(port), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    let printed = '';
    const hear = (chunk: unknown): void => void (printed += String(chunk));
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    const one = { child, ended, printed: () => printed };
    started.push(one);
    return one;
  }

  const ready = async (one: Started): Promise<void> => {
    let over = false;
    void one.ended.then(() => (over = true));
    await until('Parley is ready or ends', () => over || one.printed().includes('Parley is ready'), 150_000);
    if (over) throw new Error(one.printed());
  };
  const recorded = (): Recorded[] =>
    JSON.parse(readFileSync(join(home, 'processes.json'), 'utf8')) as Recorded[];
  /** Process 0 would be this test's own group. */
  const pidOf = (name: string): number => {
    const found = recorded().find((entry) => entry.name === name);
    if (!found) throw new Error(`No process "${name}" is recorded.`);
    return found.pid;
  };
  const isAlive = (pid: number): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
    } catch {
      return false;
    }
  };
  const gone = (pids: number[], withinMs: number): Promise<true> =>
    until('all of them end', () => !pids.some(isAlive), withinMs);
  const answers = async (): Promise<boolean> =>
    fetch(`http://localhost:${port}/readyz?all=1`).then(
      ({ ok }) => ok,
      () => false,
    );

  it('starts, shows each step with its time, and refuses a second start in plain words', async () => {
    const first = up();
    await ready(first);
    expect(first.printed()).toMatch(/PostgreSQL +\d+\.\d\d s/);
    expect(await answers()).toBe(true);
    const taken = up();
    expect(await taken.ended).toBe(1);
    expect(taken.printed()).toMatch(new RegExp(`Port ${port} is taken by process \\d+ .*PORT=${port + 1}`));
    const beside = up({ PORT: String(await freePort()) });
    expect(await beside.ended).toBe(1);
    expect(beside.printed()).toMatch(/runs already in .* \(process \d+\)/);
    expect(await answers()).toBe(true);
  }, 240_000);

  it('starts again at once what dies, with a line: services, nats-server, PostgreSQL', async () => {
    const [running] = started;
    for (const name of ['conversation', 'nats-server', 'postgres']) {
      process.kill(pidOf(name), 'SIGKILL');
      await until(`a line about ${name}`, () => running?.printed().includes(`${name} ended`), 5000);
    }
    await sleep(500);
    await until('everything serves again', answers, 20_000);
  }, 180_000);

  it('starts after kill -9 of the launcher, also when that was too sudden to end anything', async () => {
    const all = recorded().map(({ pid }) => pid);
    process.kill(pidOf('launcher'), 'SIGKILL');
    started[0]?.child.kill('SIGKILL');
    expect(all.filter(isAlive).length).toBeGreaterThan(3);
    const again = up();
    await ready(again);
    expect(again.printed()).toMatch(/ended \d+ process\(es\) that a former run had left/);
    await gone(all, 1000);
    again.child.kill('SIGKILL');
    const orphans = recorded().map(({ pid }) => pid);
    await gone(orphans, 20_000);
  }, 300_000);

  it('ends all that it started on SIGTERM within 15 s, and keeps its data', async () => {
    const kept = readFileSync(join(home, 'demo.json'), 'utf8');
    const one = up();
    await ready(one);
    const all = recorded().map(({ pid }) => pid);
    const began = Date.now();
    one.child.kill('SIGTERM');
    expect(await one.ended).toBe(0);
    expect(Date.now() - began).toBeLessThan(15_000);
    await gone(all, 1000);
    const { spaceId, apiKey } = JSON.parse(kept) as { spaceId: string; apiKey: string };
    expect(JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8'))).toMatchObject({ spaceId, apiKey });
    expect(readdirSync(join(home, 'logs')).length).toBeGreaterThan(3);
  }, 240_000);

  const nobody = { uid: 65_534, gid: 65_534 };
  const mayTry =
    process.getuid?.() === 0 && spawnSync('test', ['-r', join(root, 'package.json')], nobody).status === 0;

  (mayTry ? it : it.skip)(
    'starts for a user without rights',
    async () => {
      const own = mkdtempSync(join(tmpdir(), 'parley-nobody-'));
      // Built beforehand: this user would have to build them with Go.
      for (const built of [await findNatsServer(), await findLiveKitServer(), await findS3Server()]) {
        copyFileSync(built, join(own, basename(built)));
        chmodSync(join(own, basename(built)), 0o755);
      }
      chownSync(own, nobody.uid, nobody.gid);
      const env = {
        PARLEY_HOME: join(own, 'home'),
        PARLEY_SERVERS: own,
        HOME: own,
        PATH: `${own}:${process.env['PATH']}`,
      };
      const one = up({ ...env, PORT: String(await freePort()) }, nobody);
      await ready(one);
      one.child.kill('SIGTERM');
      expect(await one.ended).toBe(0);
      rmSync(own, { recursive: true, force: true });
    },
    240_000,
  );
});
