import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { familyOf, isRunning, listeningAddresses, openEntries, processList } from './watched-processes.ts';
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
    return start(['node', join(root, 'tools/up/bin/up.mjs')], env, user);
  }

  /** As somebody does in a terminal: npm leads the process group. */
  const npmRunUp = (): Started => start(['npm', 'run', 'up'], {}, { detached: true });

  function start(
    [command = '', ...args]: string[],
    env: NodeJS.ProcessEnv,
    options: { uid?: number; gid?: number; detached?: boolean },
  ): Started {
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    const child = spawn(command, args, {
      cwd: root,
      env: { ...inherited, PARLEY_HOME: home, PORT: String(port), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
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
  const gone = (pids: number[], withinMs: number): Promise<true> =>
    until('all of them end', () => !pids.some(isRunning), withinMs);
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
    expect(beside.printed()).toMatch(/is already running in .* \(process \d+\)/);
    expect(await answers()).toBe(true);
  }, 240_000);

  it('starts again at once what dies, with a line: services, nats-server, PostgreSQL', async () => {
    const [running] = started;
    for (const name of ['conversation', 'nats-server', 'postgres']) {
      process.kill(pidOf(name), 'SIGKILL');
      await until(`a line about ${name}`, () => running?.printed().includes(`${name} exited`), 5000);
    }
    await sleep(500);
    await until('everything serves again', answers, 20_000);
  }, 180_000);

  it('shows no secret and no file to other users, and listens on loopback alone', () => {
    const { owner, apiKey, customChannelSecret, other, databaseUrl } = JSON.parse(
      readFileSync(join(home, 'demo.json'), 'utf8'),
    ) as Record<string, string> & { owner: { password: string }; other: { apiKey: string } };
    const secrets = [
      ...readdirSync(join(home, 'secrets')).flatMap(
        (name) => readFileSync(join(home, 'secrets', name), 'utf8').match(/[\w+/=-]{20,}/g) ?? [],
      ),
      ...[owner.password, apiKey, customChannelSecret, other.apiKey, new URL(databaseUrl ?? '').password],
    ].map((secret) => secret ?? '');
    expect(secrets.length).toBeGreaterThan(10);
    expect(Math.min(...secrets.map(({ length }) => length))).toBeGreaterThan(10);
    const family = familyOf(recorded().map(({ pid }) => pid));
    expect(family.length).toBeGreaterThan(10);
    const told = processList(family).filter((line) => secrets.some((secret) => line.includes(secret)));
    expect(told).toEqual([]);
    expect(openEntries(home)).toEqual([]);
    const addresses = listeningAddresses(family);
    expect(addresses.length).toBeGreaterThan(10);
    expect(addresses.filter((address) => !/^(127\.0\.0\.1|\[::1\]):\d+$/.test(address))).toEqual([]);
  });

  it('ends what was left when launcher and guard were killed, and is ended by the guard when the launcher is', async () => {
    const all = recorded().map(({ pid }) => pid);
    for (const name of ['guard', 'launcher']) process.kill(pidOf(name), 'SIGKILL');
    started[0]?.child.kill('SIGKILL');
    expect(all.filter(isRunning).length).toBeGreaterThan(3);
    // Left open by a version before this one.
    writeFileSync(join(home, 'logs/old.log'), 'old', { mode: 0o644 });
    chmodSync(join(home, 'logs'), 0o755);
    chmodSync(home, 0o711);
    const again = npmRunUp();
    await ready(again);
    expect(again.printed()).toMatch(/stopped \d+ process\(es\) of a previous run/);
    expect(openEntries(home)).toEqual([]);
    await gone(all, 1000);
    const family = familyOf(recorded().map(({ pid }) => pid));
    process.kill(pidOf('launcher'), 'SIGKILL');
    await gone(family, 15_000);
    expect(await again.ended).not.toBe(0);
  }, 300_000);

  it.each<[string, string, (npm: number) => void]>([
    ['Ctrl-C, which is SIGINT to the whole group', 'Parley is ready', (npm) => process.kill(-npm, 'SIGINT')],
    ['SIGTERM to the whole group while it starts', 'Migrations', (npm) => process.kill(-npm, 'SIGTERM')],
    ['SIGHUP to the whole group while servers start', 'NATS', (npm) => process.kill(-npm, 'SIGHUP')],
    ['SIGKILL of npm', 'Parley is ready', (npm) => process.kill(npm, 'SIGKILL')],
  ])(
    'leaves nothing behind 15 s after %s, and keeps its data',
    async (_what, line, signal) => {
      const kept = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as { spaceId: string };
      const one = npmRunUp();
      await until(`a line about ${line}`, () => one.printed().includes(line), 150_000);
      const all = familyOf([one.child.pid ?? 0, ...recorded().map(({ pid }) => pid)]);
      expect(all.length).toBeGreaterThan(4);
      const began = Date.now();
      signal(one.child.pid ?? 0);
      await gone(all, 15_000);
      await one.ended;
      expect(Date.now() - began).toBeLessThan(15_000);
      expect(one.printed()).not.toContain('restarting');
      expect(recorded().filter(({ pid }) => isRunning(pid))).toEqual([]);
      expect(processList(familyOf([1])).filter((entry) => entry.includes(home))).toEqual([]);
      const { spaceId } = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8')) as { spaceId: string };
      expect(spaceId).toBe(kept.spaceId);
    },
    240_000,
  );

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
