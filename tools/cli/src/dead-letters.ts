import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase } from '@parley/database';
import { DeadLetters, ParkedRepository } from '@parley/messaging';
import type { Command } from 'commander';

interface Place {
  service: string;
  url: string;
}

/** `parley dlq …`: what could not be done, over all services or the one whose DATABASE_RUNNER_URL is set. */
export function addDeadLetters(program: Command): void {
  const dlq = program
    .command('dlq')
    .description('Dead letters (events and tasks that failed): list, show, replay, drop');
  dlq
    .command('list')
    .description('List the oldest dead letters of every service')
    .action(() => eachService(list));
  dlq
    .command('show <id>')
    .description('Show a dead letter with its content')
    .action((id: string) => eachService(async (letters) => print(await letters.show(id))));
  dlq
    .command('replay <id>')
    .description('Handle a dead letter again, and the work that waits behind it')
    .action((id: string) =>
      eachService(async (letters, { service }) => tell(service, await letters.replay({ id }), 'replayed')),
    );
  dlq
    .command('drop <id>')
    .description('Remove a dead letter; the work behind it continues')
    .action((id: string) =>
      eachService(async (letters, { service }) => tell(service, await letters.drop({ id }), 'removed')),
    );
}

async function eachService(work: (letters: DeadLetters, place: Place) => Promise<void>): Promise<void> {
  for (const place of places()) {
    const database = createDatabase<unknown>({ url: place.url, applicationName: 'parley dlq', poolSize: 1 });
    try {
      await work(new DeadLetters(new ParkedRepository(database, place.service)), place);
    } finally {
      await database.close();
    }
  }
}

async function list(letters: DeadLetters, { service }: Place): Promise<void> {
  const found = await letters.list();
  console.log(`${service}: ${found.length === 0 ? 'no dead letters' : `${found.length} dead letters`}`);
  for (const { id, parkedAt, consumer, name, key, attempts, reason } of found) {
    console.log(
      `  ${id}  ${parkedAt.toISOString()}  ${consumer}  ${name}  key ${key}  ${attempts} attempts  ${reason}`,
    );
  }
}

function print(entry: unknown): void {
  if (entry) console.log(JSON.stringify(entry, null, 2));
}

function tell(service: string, count: number, what: string): void {
  if (count > 0) console.log(`${service}: ${count} ${what}`);
}

function places(): Place[] {
  const { DATABASE_RUNNER_URL, PARLEY_HOME } = process.env;
  if (DATABASE_RUNNER_URL)
    return [{ service: new URL(DATABASE_RUNNER_URL).username, url: DATABASE_RUNNER_URL }];
  const file = resolve(
    fileURLToPath(new URL('../../..', import.meta.url)),
    PARLEY_HOME ?? '.parley',
    'services.json',
  );
  if (!existsSync(file))
    throw new Error(
      'No running installation found. Run "npm run up", or set DATABASE_RUNNER_URL to a service’s runner role.',
    );
  const services = JSON.parse(readFileSync(file, 'utf8')) as { name: string; env: Record<string, string> }[];
  return services.map(({ name, env }) => ({ service: name, url: env['DATABASE_RUNNER_URL'] ?? '' }));
}
