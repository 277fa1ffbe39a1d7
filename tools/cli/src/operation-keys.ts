import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { domainOwners } from '@parley/contracts';
import { deriveOperationKeys } from '@parley/messaging';
import type { Command } from 'commander';

interface Options {
  folder: string;
  root?: string;
  accept?: string;
}

/** `parley operation-keys`: what services sign and verify their requests to one another with. */
export function addOperationKeys(program: Command): void {
  program
    .command('operation-keys')
    .description('Write the keys with which services sign and verify operations, one file per service')
    .requiredOption('--folder <folder>', 'folder for keys/<service>.json')
    .option('--root <file>', 'root key of all keys, created if missing (default: <folder>/root.key)')
    .option('--accept <file>', 'second root key whose signatures are accepted, to replace a key')
    .action(write);
}

function write({ folder, root = join(folder, 'root.key'), accept }: Options): void {
  const roots = [rootKey(root), ...(accept === undefined ? [] : [readRoot(accept)])];
  const services = Object.values(domainOwners);
  const keys = join(folder, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  for (const service of services) {
    const text = JSON.stringify(deriveOperationKeys(roots, service, services));
    writeFileSync(join(keys, `${service}.json`), text, { mode: 0o600 });
  }
  console.log(`Wrote the operation keys of ${services.length} services to ${keys}`);
  console.log(`Keep ${root} out of reach of every service: its holder can sign for all of them.`);
}

function rootKey(file: string): Buffer {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600 });
  }
  return readRoot(file);
}

function readRoot(file: string): Buffer {
  const root = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (root.length !== 32) throw new Error(`${file} does not hold a root key: 32 random bytes in base64.`);
  return root;
}
