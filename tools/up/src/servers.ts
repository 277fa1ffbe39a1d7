import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { domainOwners, domains } from '@parley/contracts';
import { connectNats, ensureStreams, natsServerConfig } from '@parley/messaging';
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
} from '@parley/testing';
import type { Home } from './home.ts';
import type { ProcessRecord } from './processes.ts';
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
  stop(): Promise<void>;
}

type Kept = { stop(): Promise<void> };

/** Starts PostgreSQL, NATS, LiveKit, an S3 server and the mail catcher, or uses those that the environment names. */
export async function startServers(home: Home, record: ProcessRecord, port: number): Promise<Servers> {
  const kept: Kept[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(kept.map((one) => one.stop())));
  try {
    const databaseUrl =
      process.env['DATABASE_URL'] ?? (await step('PostgreSQL', () => postgres(home, record, kept)));
    const natsUrl = process.env['NATS_URL'] ?? (await step('NATS', () => nats(home, record, kept)));
    const liveKit = await findLiveKit(home, { record, kept, port });
    const s3 = await findS3(home, { record, kept });
    const mail = process.env['SMTP_URL'] ? null : await step('Mail catcher', () => mails(kept));
    return {
      databaseUrl,
      natsUrl,
      smtpUrl: process.env['SMTP_URL'] ?? mail?.smtpUrl ?? null,
      mailUrl: mail?.httpUrl ?? null,
      liveKit,
      s3,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function postgres(home: Home, record: ProcessRecord, kept: Kept[]): Promise<string> {
  const server = await startPostgres({ dataDir: home.file('postgres') });
  record.add('postgres', server.pid);
  kept.push({ stop: () => server.stop('SIGINT', 8000) });
  restartWhenItEnds(server, kept, {
    name: 'postgres',
    record,
    start: () => startPostgres({ dataDir: home.file('postgres'), port: server.port }),
  });
  return server.url;
}

async function nats(home: Home, record: ProcessRecord, kept: Kept[]): Promise<string> {
  const program = await findNatsServer((line) => console.log(`  ${line}`));
  const port = await freePort();
  mkdirSync(home.file('nats'), { recursive: true });
  const users = [
    { user: 'operator', password: home.secret('nats-operator') },
    ...domains.map((domain) => ({
      user: domainOwners[domain],
      password: home.secret(`nats-${domainOwners[domain]}`),
      domain,
    })),
  ];
  const config = natsServerConfig({ users, storeDir: home.file('nats'), port });
  const start = (): Promise<ServerProcess> =>
    startNatsServer({ program, configFile: home.file('nats.conf'), config, port });
  const server = await start();
  record.add('nats-server', server.pid);
  kept.push({ stop: () => server.stop('SIGTERM', 5000) });
  restartWhenItEnds(server, kept, { name: 'nats-server', record, start });
  return `nats://127.0.0.1:${port}`;
}

/** LiveKit as given, or started here; without it voice is off, and one line says how to get it. */
async function findLiveKit(
  home: Home,
  own: { record: ProcessRecord; kept: Kept[]; port: number },
): Promise<LiveKitAccess | null> {
  const { LIVEKIT_URL: url, LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret } = process.env;
  if (url && apiKey && apiSecret) return { url, apiKey, apiSecret };
  if (process.env['VOICE'] === 'off') {
    console.log('  Voice is off (VOICE=off): no calls, and the widget has no call button');
    return null;
  }
  try {
    return await step('LiveKit', () => liveKit(home, own));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    console.log(`  Voice is off, no calls, and the widget has no call button: ${reason}`);
    return null;
  }
}

async function liveKit(
  home: Home,
  { record, kept, port }: { record: ProcessRecord; kept: Kept[]; port: number },
): Promise<LiveKitAccess> {
  await findLiveKitServer((line) => console.log(`  ${line}`));
  const access = { apiKey: 'parley', apiSecret: home.secret('livekit') };
  const webhookUrl = `http://127.0.0.1:${port}/api/v1/webhooks/livekit`;
  const first = await startLiveKitServer({ ...access, webhookUrl });
  record.add('livekit-server', first.process.pid);
  kept.push({ stop: () => first.process.stop('SIGTERM', 5000) });
  const start = async (): Promise<ServerProcess> =>
    (await startLiveKitServer({ ...access, webhookUrl, port: first.port })).process;
  restartWhenItEnds(first.process, kept, { name: 'livekit-server', record, start });
  return { url: first.url, ...access };
}

/** An S3 server as given, or started here; without it there are no files, and one line says how to get it. */
async function findS3(home: Home, own: { record: ProcessRecord; kept: Kept[] }): Promise<S3Access | null> {
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
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    console.log(`  Files are off, no up- and downloads: ${reason}`);
    return null;
  }
}

async function s3(home: Home, { record, kept }: { record: ProcessRecord; kept: Kept[] }): Promise<S3Access> {
  await findS3Server((line) => console.log(`  ${line}`));
  const access = { accessKeyId: 'parley', secretAccessKey: home.secret('s3') };
  const options = { ...access, dataDir: home.file('s3') };
  const first = await startS3Server(options);
  record.add('versitygw', first.process.pid);
  kept.push({ stop: () => first.process.stop('SIGTERM', 5000) });
  const start = async (): Promise<ServerProcess> =>
    (await startS3Server({ ...options, port: first.port })).process;
  restartWhenItEnds(first.process, kept, { name: 'versitygw', record, start });
  return { endpoint: first.endpoint, ...access };
}

async function mails(kept: Kept[]): Promise<{ smtpUrl: string; httpUrl: string }> {
  const catcher = await startMailCatcher();
  kept.push({ stop: () => catcher.close() });
  return catcher;
}

/** How a server is started again. */
interface Again {
  name: string;
  start: () => Promise<ServerProcess>;
  record: ProcessRecord;
}

/** A server that dies is started again at once, on its port, and again until it stands. */
function restartWhenItEnds(server: ServerProcess, kept: Kept[], again: Again): void {
  const own = kept.at(-1);
  if (!own) return;
  const { stop } = own;
  const state = { stopping: false, current: server };
  own.stop = async () => {
    state.stopping = true;
    await (state.current === server ? stop() : state.current.stop('SIGINT', 8000));
  };
  const watch = async (): Promise<void> => {
    for (;;) {
      const code = await state.current.ended;
      if (state.stopping) return;
      console.log(`  ${again.name} ended (${String(code)}) and is started again`);
      state.current = await startUntilItStands(again, () => state.stopping);
      again.record.add(again.name, state.current.pid);
      if (state.stopping) await state.current.stop('SIGINT', 8000);
    }
  };
  watch().catch(() => undefined);
}

/** What is left of the one before, such as memory or a port, may hold up the first tries. */
async function startUntilItStands(again: Again, stopping: () => boolean): Promise<ServerProcess> {
  for (let pause = 100; ; pause = Math.min(5000, pause * 2)) {
    try {
      return await again.start();
    } catch (error) {
      if (stopping()) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`  ${again.name} cannot be started again yet: ${reason}`);
      await sleep(pause);
    }
  }
}

/** Makes the streams that are missing. */
export async function prepareStreams(home: Home, natsUrl: string): Promise<void> {
  const user = process.env['NATS_USER'] ?? 'operator';
  const password = process.env['NATS_PASSWORD'] ?? home.secret('nats-operator');
  const connection = await connectNats({ url: natsUrl, user, password, name: 'operator' });
  try {
    await ensureStreams(connection, { partitions: Number(process.env['NATS_PARTITIONS'] ?? 4) });
  } finally {
    await connection.close();
  }
}
