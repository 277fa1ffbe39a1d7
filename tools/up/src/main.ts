import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, buildStamp, compileCache } from './build.ts';
import { type Home, homePath, masterKeyFile, operationKeysFile, openHome } from './home.ts';
import { freePort } from '@parley/testing';
import { migrateAll } from './migrations.ts';
import { requireFree } from './port.ts';
import { ProcessRecord } from './processes.ts';
import { startGuard } from './guard.ts';
import { step } from './say.ts';
import { type Seeded, seed } from './seed.ts';
import { keepTrimming, KeptServers, prepareStreams, type Servers, startServers } from './servers.ts';
import { listServices, programsOf, type Service } from './services.ts';
import { Supervisor } from './supervisor.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const port = Number(process.env['PORT'] ?? 8080);
const baseUrl = `http://localhost:${port}`;
const recordFile = join(homePath(root), 'processes.json');
const READY_MS = 180_000;
const kept = new KeptServers();

async function main(): Promise<void> {
  const began = performance.now();
  console.log('Parley is starting');
  await clearTheWay(new ProcessRecord(recordFile));
  const home = openHome(root, process.argv.includes('--fresh'));
  const record = new ProcessRecord(recordFile);
  record.addLauncher();
  startGuard(root, record, recordFile);
  const supervisor = new Supervisor(record, home.file('logs'));
  stopOnSignal(supervisor, record);
  await step('Build', async () => build(root));
  // From here on nothing that is made is readable for other users, whoever makes it.
  process.umask(0o077);
  const servers = await startServers(home, { record, kept, port });
  const services = await prepare(home, servers);
  if (!process.env['EGRESS_ALLOW'])
    console.log('  Outgoing requests to loopback are allowed (development); set EGRESS_ALLOW to change this');
  for (const program of services.flatMap((service) => programsOf(service, process.execPath)))
    supervisor.start(program);
  await step('Services', () => ready('/readyz?all=1'));
  const demo = await seedOnce(home, servers, services);
  announce(demo, servers, (performance.now() - began) / 1000);
}

/** Refuses beside one that runs; ends what one that was killed has left. */
async function clearTheWay(record: ProcessRecord): Promise<void> {
  const launcher = record.launcher();
  const left = launcher === null ? await record.endAll() : 0;
  if (left > 0) console.log(`  stopped ${left} process(es) of a previous run`);
  await requireFree(port);
  if (launcher !== null)
    throw new Error(
      `Parley is already running in ${homePath(root)} (process ${launcher}). Stop it, or set another PARLEY_HOME and PORT.`,
    );
}

async function prepare(home: Home, servers: Servers): Promise<Service[]> {
  const { databaseUrl, natsUrl, smtpUrl, liveKit, s3 } = servers;
  const services = await listServices(root, {
    databaseUrl,
    natsUrl,
    smtpUrl,
    liveKit,
    s3,
    port,
    bridgePort: await freePort(),
    masterKeyFile: masterKeyFile(home),
    channelMasterKeyFile: masterKeyFile(home, 'channel-master.key'),
    demoFile: home.file('demo.json'),
    compileCache: compileCache(root) ?? home.file('compile-cache'),
    password: (of) => home.secret(of),
    operationKeysFile: (service) => operationKeysFile(home, service),
  });
  writeFileSync(home.file('services.json'), JSON.stringify(services), { mode: 0o600 });
  await Promise.all([
    step('Streams', () => prepareStreams(home, natsUrl)),
    step('Migrations', () => migrateAll(databaseUrl, services, buildStamp(root))),
  ]);
  await keepTrimming(home, natsUrl);
  return services;
}

async function ready(path: string): Promise<void> {
  const until = Date.now() + READY_MS;
  let last = 'no answer';
  while (Date.now() < until) {
    try {
      const response = await fetch(`${baseUrl}${path}`);
      if (response.ok) return;
      last = await response.text();
    } catch {
      // The door is not open yet.
    }
    await sleep(50);
  }
  throw new Error(
    `Some services are not ready after ${READY_MS / 1000} s: ${last}. See the logs in ${join(homePath(root), 'logs')}.`,
  );
}

/** Seeds an empty installation; one that was seeded keeps its ids and keys. */
async function seedOnce(home: Home, servers: Servers, services: readonly Service[]): Promise<Seeded> {
  const path = home.file('demo.json');
  const kept = home.file('seeded.json');
  const seeded = existsSync(kept)
    ? (JSON.parse(readFileSync(kept, 'utf8')) as Seeded)
    : await step('Demo space', () => seed(baseUrl, `${root}docs`, services));
  writeFileSync(kept, JSON.stringify(seeded), { mode: 0o600 });
  const demo = {
    baseUrl,
    consoleUrl: `${baseUrl}/`,
    widgetDemoUrl: `${baseUrl}/demo`,
    docsUrl: `${baseUrl}/docs`,
    ...seeded,
    natsUrl: servers.natsUrl,
    databaseUrl: servers.databaseUrl,
    ...(servers.mailUrl ? { mailUrl: servers.mailUrl } : {}),
    ...(servers.liveKit ? { livekitUrl: servers.liveKit.url } : {}),
    ...(servers.s3 ? { s3Endpoint: servers.s3.endpoint } : {}),
  };
  writeFileSync(path, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  return seeded;
}

function announce(demo: Seeded, servers: Servers, seconds: number): void {
  console.log(`
Parley is ready (${seconds.toFixed(1)} s)

  Demo        ${baseUrl}/demo
  Guides      ${baseUrl}/docs/guides
  API         ${baseUrl}/docs
  Login       ${demo.owner.email}  ${demo.owner.password}
  API key     ${demo.apiKey}${servers.mailUrl ? `\n  Mails       ${servers.mailUrl}` : ''}
  Everything  ${relative(process.cwd(), join(homePath(root), 'demo.json'))}

Ctrl-C stops everything.`);
}

/** Signals come from the terminal, to this process alone or to its whole group; what it started is in other groups. */
function stopOnSignal(supervisor: Supervisor, record: ProcessRecord): void {
  const stop = async (): Promise<void> => {
    console.log('\nParley is stopping');
    await supervisor.stop();
    await kept.stop();
    // What was being started at that moment, and the guard.
    await record.endAll();
    record.clear();
  };
  const once = (): void => {
    if (kept.isStopping) return;
    kept.beginStop();
    stop().then(
      () => process.exit(process.exitCode ?? 0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, once);
  // The process that started this one was killed.
  process.on('disconnect', once);
}

// A terminal that was closed takes no more lines; what was started is ended all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

main().catch((error: unknown) => {
  // What fails because servers end is no failure of its own.
  if (kept.isStopping) return;
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
});
