import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  connectNats,
  generateOutsideKey,
  ensureOutsideStream,
  outsideConfig,
  outsideOperator,
  outsideStream,
  type OutsideSpace,
  reloadAccounts,
} from '@parley/messaging';
import type { Command } from 'commander';

interface Options {
  space?: string;
  name?: string;
  folder?: string;
}

/** Where the accounts are written, and how the server that reads them is reached. */
interface Place {
  records: string;
  config: string;
  /** As it stands in the server's configuration: a quoted text or a variable. */
  operatorPassword: string;
  server: { url: string; password: string; reload: (() => void) | null } | null;
}

/** `parley nats-user …`: credentials for programs outside that consume the events of one space. */
export function addNatsUsers(program: Command): void {
  const users = program
    .command('nats-user')
    .description('Credentials for outside programs that consume the events of one space over NATS');
  const folder = '--folder <folder>';
  const about = 'folder with outside.conf of a deployment (default: the installation of npm run up)';
  users
    .command('create')
    .description('Create a credential for the events of one space')
    .requiredOption('--space <spaceId>', 'the space')
    .option('--name <name>', 'what the credential is for', 'consumer')
    .option(folder, about)
    .action(create);
  users.command('list').description('List credentials').option(folder, about).action(list);
  users
    .command('revoke <publicKey>')
    .description('Revoke a credential and close its connections')
    .option(folder, about)
    .action(revoke);
  users
    .command('apply')
    .description('Create the streams of all accounts, after the deployment uses the new outside.conf')
    .option(folder, about)
    .action(async (options: Options) => applyStreams(placeOf(options)));
}

async function create({ space = '', name = 'consumer', ...options }: Options): Promise<void> {
  if (!/^space_[0-9A-Za-z]+$/u.test(space))
    throw new Error(`"${space}" is not the id of a space. It starts with space_.`);
  const place = placeOf(options);
  const spaces = readSpaces(place);
  const { seed, publicKey } = generateOutsideKey();
  const known = spaces.find(({ spaceId }) => spaceId === space);
  const user = { name, publicKey, createdAt: new Date().toISOString() };
  if (known) known.users.push(user);
  else spaces.push({ spaceId: space, users: [user] });
  await save(place, spaces);
  console.log(`Space       ${space}`);
  console.log(`Stream      ${outsideStream}`);
  if (place.server) console.log(`Server      ${place.server.url}`);
  console.log(`Public key  ${publicKey}`);
  console.log(`Seed        ${seed}`);
  console.log('The seed is the credential and is shown once.');
}

function list(options: Options): void {
  const spaces = readSpaces(placeOf(options));
  const lines = spaces.flatMap(({ spaceId, users }) =>
    users.map(({ name, publicKey, createdAt }) => `${spaceId}  ${publicKey}  ${createdAt}  ${name}`),
  );
  console.log(lines.length === 0 ? 'There are no credentials.' : lines.join('\n'));
}

async function revoke(publicKey: string, options: Options): Promise<void> {
  const place = placeOf(options);
  const spaces = readSpaces(place);
  const holder = spaces.find(({ users }) => users.some((user) => user.publicKey === publicKey));
  if (!holder) throw new Error('No credential has this public key. "parley nats-user list" shows all.');
  holder.users = holder.users.filter((user) => user.publicKey !== publicKey);
  // The account stays without users: its stream goes on for those who get a credential later.
  await save(place, spaces);
  console.log(`Revoked ${publicKey}`);
}

async function save(place: Place, spaces: OutsideSpace[]): Promise<void> {
  writeFileSync(place.records, `${JSON.stringify(spaces, null, 2)}\n`, { mode: 0o600 });
  writeFileSync(place.config, outsideConfig(spaces, place.operatorPassword), { mode: 0o600 });
  const { server } = place;
  if (!server?.reload) {
    console.log(
      `Wrote ${place.config}. Deploy it, reload nats-server twice, then run: parley nats-user apply`,
    );
    return;
  }
  await reloadAccounts(server.reload);
  await applyStreams(place);
}

async function applyStreams(place: Place): Promise<void> {
  const { server } = place;
  if (!server) throw new Error('Set NATS_URL and NATS_OPERATOR_PASSWORD to reach the server.');
  for (const { spaceId } of readSpaces(place)) {
    const user = outsideOperator(spaceId);
    const nats = await connectNats({ url: server.url, user, password: server.password, name: 'nats-user' });
    try {
      await ensureOutsideStream(nats, spaceId);
    } finally {
      await nats.close();
    }
  }
}

function readSpaces({ records }: Place): OutsideSpace[] {
  return existsSync(records) ? (JSON.parse(readFileSync(records, 'utf8')) as OutsideSpace[]) : [];
}

function placeOf({ folder }: Options): Place {
  const { NATS_URL: url, NATS_OPERATOR_PASSWORD: password, PARLEY_HOME } = process.env;
  if (folder !== undefined)
    return {
      records: join(folder, 'outside.json'),
      config: join(folder, 'outside.conf'),
      operatorPassword: '$OPERATOR_PASSWORD',
      server: url && password ? { url, password, reload: null } : null,
    };
  const home = resolve(fileURLToPath(new URL('../../..', import.meta.url)), PARLEY_HOME ?? '.parley');
  const demo = join(home, 'demo.json');
  if (!existsSync(demo))
    throw new Error(
      'No running installation found. Run "npm run up", or name the folder of a deployment with --folder.',
    );
  const { natsUrl } = JSON.parse(readFileSync(demo, 'utf8')) as { natsUrl: string };
  const secret = readFileSync(join(home, 'secrets/nats-operator'), 'utf8').trim();
  return {
    records: join(home, 'nats-outside.json'),
    config: join(home, 'nats-outside.conf'),
    operatorPassword: JSON.stringify(secret),
    server: { url: natsUrl, password: secret, reload: () => process.kill(natsPid(home), 'SIGHUP') },
  };
}

function natsPid(home: string): number {
  const processes = JSON.parse(readFileSync(join(home, 'processes.json'), 'utf8')) as {
    name: string;
    pid: number;
  }[];
  const found = processes.findLast(({ name }) => name === 'nats-server');
  if (!found)
    throw new Error(
      'nats-server was not started by npm run up. Use --folder and reload nats-server yourself.',
    );
  return found.pid;
}
