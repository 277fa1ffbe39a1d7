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
    .description('Write the keys that services sign and verify operations with, one file for each service')
    .requiredOption('--folder <folder>', 'where keys/<service>.json is written')
    .option(
      '--root <file>',
      'root key that all are derived from, made when missing (default: <folder>/root.key)',
    )
    .option('--accept <file>', 'another root key whose signatures are accepted as well, to replace a key')
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
  console.log(`Keep ${root} where no service can read it: who has it can speak for every service.`);
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
