import { openSync, closeSync, readSync, fstatSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@parley/testing';
import type pg from 'pg';
import { Installation } from '../installation.ts';
import type { CounterSources } from './counters.ts';
import { monitoredServers } from './monitored-servers.ts';

/** Settings with which PostgreSQL can write each statement to a file; nothing is written until `logStatements`. */
const LOG_SETTINGS: Record<string, string> = {
  logging_collector: 'on',
  log_destination: 'jsonlog',
  log_directory: 'log',
  log_filename: 'statements.log',
  log_rotation_age: '0',
  log_rotation_size: '0',
  log_parameter_max_length: '0',
  log_min_duration_statement: '-1',
};
const LOG_FILE = 'log/statements.json';
/** PostgreSQL's sessions take a changed setting with their next statement, and the log is written by another process. */
const RELOAD_MS = 500;

/** An installation whose PostgreSQL and nats-server can be read. */
export class MeasuredInstallation {
  readonly installation: Installation;
  private database: pg.Client | null = null;
  private monitorPort = 0;
  private isPrepared = false;

  constructor(installation: Installation) {
    this.installation = installation;
  }

  /** Starts it; the first time twice, because some settings of PostgreSQL need a restart. */
  async start(given: NodeJS.ProcessEnv = {}): Promise<void> {
    const { installation } = this;
    if (!this.isPrepared) await this.prepare();
    const folder = join(installation.home, 'monitored-servers');
    await installation.start({ ...given, PARLEY_SERVERS: folder });
    this.database = await installation.database();
    // A backend is ended while the servers stop.
    this.database.on('error', () => undefined);
  }

  async stop(): Promise<void> {
    await this.database?.end();
    this.database = null;
    await this.installation.stop();
  }

  /** Where readings are taken while it runs. */
  get sources(): CounterSources {
    if (!this.database) throw new Error('The installation does not run.');
    const processes = new Map(this.installation.processes().map(({ pid, name }) => [pid, name]));
    return { database: this.database, monitorPort: this.monitorPort, processes };
  }

  /**
   * Gathers the planner's statistics, as autovacuum would within its first minute, and begins a new checkpoint: after it
   * PostgreSQL logs whole pages, in each round at the same place.
   */
  async settle(): Promise<void> {
    await this.database?.query('ANALYZE');
    await this.database?.query('CHECKPOINT');
  }

  /** Lets PostgreSQL log every statement while `work` runs; what it logged. */
  async logStatements(work: () => Promise<void>): Promise<string> {
    await this.set({ log_min_duration_statement: '0' });
    const file = openSync(await this.logFile(), 'r');
    try {
      const from = fstatSync(file).size;
      await work();
      await this.set({ log_min_duration_statement: '-1' });
      const log = Buffer.alloc(fstatSync(file).size - from);
      readSync(file, log, 0, log.length, from);
      return log.toString('utf8');
    } finally {
      closeSync(file);
    }
  }

  private async logFile(): Promise<string> {
    const { rows } = await this.sources.database.query<{ data_directory: string }>('SHOW data_directory');
    return join(rows[0]?.data_directory ?? '', LOG_FILE);
  }

  private async prepare(): Promise<void> {
    const { installation } = this;
    this.monitorPort = await freePort();
    await monitoredServers(join(installation.home, 'monitored-servers'), this.monitorPort);
    if (installation.pid === 0) await installation.start();
    this.database = await installation.database();
    await this.set(LOG_SETTINGS);
    await this.stop();
    this.isPrepared = true;
  }

  private async set(settings: Record<string, string>): Promise<void> {
    for (const [name, value] of Object.entries(settings))
      await this.database?.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    await this.database?.query('SELECT pg_reload_conf()');
    await sleep(RELOAD_MS);
  }
}
