import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainOwners, domains } from '@parley/contracts';
import {
  moveGlobalStreams,
  connectNats,
  ensureStreams,
  natsServerConfig,
  outsideConfig,
  type OutsideSpace,
  Trimmer,
} from '@parley/messaging';
import {
  findLiveKitServer,
  findNatsServer,
  findS3Server,
  freePort,
  startLiveKitServer,
  startMailCatcher,
  startNatsServer,
  startPostgres,
  startS3Server,
  type ServerProcess,
  type Supervised,
} from '@parley/testing';
import type { Home } from './home.ts';
import { killGroup, type ProcessRecord } from './processes.ts';
import { step } from './say.ts';
import type { LiveKitAccess, S3Access } from './services.ts';

/** What was started or was given. */
export interface Servers {
  databaseUrl: string;
  natsUrl: string;
  smtpUrl: string | null;
  mailUrl: string | null;
  /** Null where voice is off. */
  liveKit: LiveKitAccess | null;
  /** Null where there are no files. */
  s3: S3Access | null;
}

type Kept = { stop(): Promise<void> };

/** The servers that were started: they end together, and none is started any more once that has begun. */
export class KeptServers {
  private readonly kept: Kept[] = [];
  private stopping = false;

  get isStopping(): boolean {
    return this.stopping;
  }

  /** From here on nothing is started, or started again. */
  beginStop(): void {
    this.stopping = true;
  }

  add(one: Kept): void {
    this.kept.push(one);
  }

  async stop(): Promise<void> {
    await Promise.all(this.kept.map((one) => one.stop()));
  }

  /** @throws Error once the end has begun */
  assertStarting(): void {
    if (this.stopping) throw new Error('Parley is stopping.');
  }
}

/** Time a server has to end before it is killed. */
const STOP_MS = 4000;

/**
 * Starts PostgreSQL, NATS, LiveKit, an S3 server and the mail catcher, or uses those that the environment names.
 * @param kept gets every server that was started, also when a later one fails
 */
export async function startServers(
  home: Home,
  { record, kept, port }: { record: ProcessRecord; kept: KeptServers; port: number },
): Promise<Servers> {
  const databaseUrl =
    process.env['DATABASE_URL'] ?? (await step('PostgreSQL', () => postgres(home, record, kept)));
  const natsUrl = process.env['NATS_URL'] ?? (await step('NATS', () => nats(home, record, kept)));
  const liveKit = await findLiveKit(home, { record, kept, port });
  const s3 = await findS3(home, { record, kept });
  const mail = process.env['SMTP_URL'] ? null : await step('Mail catcher', () => mails(kept));
  kept.assertStarting();
  return {
    databaseUrl,
    natsUrl,
    smtpUrl: process.env['SMTP_URL'] ?? mail?.smtpUrl ?? null,
    mailUrl: mail?.httpUrl ?? null,
    liveKit,
    s3,
  };
}

/** In a session of its own, so that Ctrl-C reaches the launcher alone, which ends everything in order. */
function supervised(name: string, record: ProcessRecord, kept: KeptServers): Required<Supervised> {
  kept.assertStarting();
  return {
    detached: true,
    onSpawn: (pid) => {
      record.add(name, pid);
      if (kept.isStopping) killGroup(pid);
    },
  };
}

async function postgres(home: Home, record: ProcessRecord, kept: KeptServers): Promise<string> {
  const options = { dataDir: home.file('postgres'), ...supervised('postgres', record, kept) };
  const server = await startPostgres(options);
  if (server.dataDir !== options.dataDir)
    console.log(
      `  PostgreSQL data is in ${server.dataDir}: the user that runs PostgreSQL cannot enter ${home.path}`,
    );
  keepRunning(server, kept, {
    name: 'postgres',
    stopSignal: 'SIGINT',
    start: () => startPostgres({ ...options, port: server.port }),
  });
  return server.url;
}

async function nats(home: Home, record: ProcessRecord, kept: KeptServers): Promise<string> {
  const program = await findNatsServer((line) => console.log(`  ${line}`));
  const port = await freePort();
  mkdirSync(home.file('nats'), { recursive: true, mode: 0o700 });
  const users = [
    { user: 'operator', password: home.secret('nats-operator') },
    { user: 'trimmer', password: home.secret('nats-trimmer'), isTrimmer: true },
    ...domains.map((domain) => ({
      user: domainOwners[domain],
      password: home.secret(`nats-${domainOwners[domain]}`),
      domain,
    })),
  ];
  const outsideFile = writeOutsideAccounts(home);
  const config = natsServerConfig({ users, storeDir: home.file('nats'), port, outsideFile });
  if (moveGlobalStreams(home.file('nats'))) console.log('  Streams moved to the NATS account STREAMS');
  const start = (): Promise<ServerProcess> =>
    startNatsServer({
      program,
      configFile: home.file('nats.conf'),
      config,
      port,
      ...supervised('nats-server', record, kept),
    });
  const server = await start();
  keepRunning(server, kept, { name: 'nats-server', stopSignal: 'SIGTERM', start });
  return `nats://127.0.0.1:${port}`;
}

/** LiveKit as given, or started here; without it voice is off, and one line says how to get it. */
async function findLiveKit(
  home: Home,
  own: { record: ProcessRecord; kept: KeptServers; port: number },
): Promise<LiveKitAccess | null> {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret } = process.env;
  if (url && apiKey && apiSecret) return { url, apiKey, apiSecret };
  if (process.env['VOICE'] === 'off') {
    console.log('  Voice is off (VOICE=off): no calls, no call button in the widget');
    return null;
  }
  try {
    return await step('LiveKit', () => liveKit(home, own));
  } catch (error) {
    own.kept.assertStarting();
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    console.log(`  Voice is off, no calls, no call button in the widget: ${reason}`);
    return null;
  }
}

async function liveKit(
  home: Home,
  { record, kept, port }: { record: ProcessRecord; kept: KeptServers; port: number },
): Promise<LiveKitAccess> {
  await findLiveKitServer((line) => console.log(`  ${line}`));
  const access = { apiKey: 'parley', apiSecret: home.secret('livekit') };
  const webhookUrl = `http://127.0.0.1:${port}/api/v1/webhooks/livekit`;
  const options = { ...access, webhookUrl, ...supervised('livekit-server', record, kept) };
  const first = await startLiveKitServer(options);
  const start = async (): Promise<ServerProcess> =>
    (await startLiveKitServer({ ...options, port: first.port })).process;
  keepRunning(first.process, kept, { name: 'livekit-server', stopSignal: 'SIGTERM', start });
  return { url: first.url, ...access };
}

/** An S3 server as given, or started here; without it there are no files, and one line says how to get it. */
async function findS3(
  home: Home,
  own: { record: ProcessRecord; kept: KeptServers },
): Promise<S3Access | null> {
  const { S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = process.env;
  if (S3_ENDPOINT && S3_ACCESS_KEY_ID && S3_SECRET_ACCESS_KEY)
    return {
      endpoint: S3_ENDPOINT,
      accessKeyId: S3_ACCESS_KEY_ID,
      secretAccessKey: S3_SECRET_ACCESS_KEY,
    };
  try {
    return await step('S3', () => s3(home, own));
  } catch (error) {
    own.kept.assertStarting();
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    console.log(`  Files are off, no uploads and downloads: ${reason}`);
    return null;
  }
}

async function s3(
  home: Home,
  { record, kept }: { record: ProcessRecord; kept: KeptServers },
): Promise<S3Access> {
  await findS3Server((line) => console.log(`  ${line}`));
  const access = { accessKeyId: 'parley', secretAccessKey: home.secret('s3') };
  const options = { ...access, dataDir: home.file('s3'), ...supervised('versitygw', record, kept) };
  const first = await startS3Server(options);
  const start = async (): Promise<ServerProcess> =>
    (await startS3Server({ ...options, port: first.port })).process;
  keepRunning(first.process, kept, { name: 'versitygw', stopSignal: 'SIGTERM', start });
  return { endpoint: first.endpoint, ...access };
}

async function mails(kept: KeptServers): Promise<{ smtpUrl: string; httpUrl: string }> {
  const catcher = await startMailCatcher();
  kept.add({ stop: () => catcher.close() });
  return catcher;
}

/** How a server is started again. */
interface Again {
  name: string;
  stopSignal: NodeJS.Signals;
  start: () => Promise<ServerProcess>;
}

/** A server that dies is started again at once, on its port, and again until it stands. */
function keepRunning(server: ServerProcess, kept: KeptServers, again: Again): void {
  let current = server;
  kept.add({ stop: () => current.stop(again.stopSignal, STOP_MS) });
  const watch = async (): Promise<void> => {
    for (;;) {
      const code = await current.ended;
      if (kept.isStopping) return;
      console.log(`  ${again.name} exited (${String(code)}), restarting`);
      current = await startUntilItStands(again, kept);
    }
  };
  watch().catch(() => undefined);
}

/** What is left of the one before, such as memory or a port, may hold up the first tries. */
async function startUntilItStands(again: Again, kept: KeptServers): Promise<ServerProcess> {
  for (let pause = 100; ; pause = Math.min(5000, pause * 2)) {
    try {
      return await again.start();
    } catch (error) {
      if (kept.isStopping) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`  ${again.name} restart failed, retrying: ${reason}`);
      await sleep(pause);
    }
  }
}

/** Accounts of outside consumers, as `parley nats-user` keeps them: included in the server's configuration. */
function writeOutsideAccounts(home: Home): string {
  const records = home.file('nats-outside.json');
  const spaces = existsSync(records) ? (JSON.parse(readFileSync(records, 'utf8')) as OutsideSpace[]) : [];
  const password = JSON.stringify(home.secret('nats-operator'));
  writeFileSync(home.file('nats-outside.conf'), outsideConfig(spaces, password), { mode: 0o600 });
  return 'nats-outside.conf';
}

/** Keeps streams from filling up while this process runs: no service may remove events. */
export async function keepTrimming(home: Home, natsUrl: string): Promise<void> {
  const connection = await connectOperator(home, natsUrl);
  const log = { info: () => undefined, debug: () => undefined };
  const say = (_about: unknown, message: string): void => console.log(`  ${message}`);
  void new Trimmer(connection, { ...log, warn: say, error: say }).run(new AbortController().signal);
}

function connectOperator(home: Home, natsUrl: string): ReturnType<typeof connectNats> {
  const user = process.env['NATS_USER'] ?? 'operator';
  const password = process.env['NATS_PASSWORD'] ?? home.secret('nats-operator');
  return connectNats({ url: natsUrl, user, password, name: 'operator' });
}

/** Makes the streams that are missing. */
export async function prepareStreams(home: Home, natsUrl: string): Promise<void> {
  const connection = await connectOperator(home, natsUrl);
  try {
    await ensureStreams(connection, { partitions: Number(process.env['NATS_PARTITIONS'] ?? 4) });
  } finally {
    await connection.close();
  }
}
