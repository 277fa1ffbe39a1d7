import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { domainOwners } from '@parley/contracts';
import { deriveOperationKeys } from '@parley/messaging';
import { unprivilegedUser } from '@parley/testing';

/** The folder that everything made here lies in. */
export interface Home {
  path: string;
  file(name: string): string;
  /** A secret that is drawn once and kept. */
  secret(name: string): string;
}

/** Where it lies. */
export function homePath(root: string): string {
  return resolve(root, process.env['PARLEY_HOME'] ?? '.parley');
}

export function openHome(root: string, fresh: boolean): Home {
  const path = homePath(root);
  if (fresh) rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  closeToOthers(path);
  const file = (name: string): string => join(path, name);
  mkdirSync(file('secrets'), { recursive: true, mode: 0o700 });
  return { path, file, secret: (name) => keptSecret(file(`secrets/${name}`)) };
}

/**
 * Makes everything in it unreadable for other users; versions before this one left logs and files open. Under root the group
 * of PostgreSQL's user may pass through to its data, and see nothing else.
 */
function closeToOthers(path: string): void {
  const { gid } = unprivilegedUser();
  const wasOpen = (lstatSync(path).mode & 0o007) !== 0;
  if (gid === undefined) chmodSync(path, 0o700);
  else {
    chownSync(path, 0, gid);
    chmodSync(path, 0o710);
  }
  if (wasOpen) for (const name of readdirSync(path)) closeTree(join(path, name));
}

/** PostgreSQL's folder is its own already. */
function closeTree(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  if ((entry.mode & 0o077) !== 0) chmodSync(path, entry.mode & 0o700);
  else if (entry.isDirectory() && entry.uid !== process.getuid?.()) return;
  if (entry.isDirectory()) for (const name of readdirSync(path)) closeTree(join(path, name));
}

function keptSecret(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

/**
 * The file with one service's operation keys. All are derived from one kept root, so that every start writes the same
 * and a new service gets its own.
 */
export function operationKeysFile(home: Home, service: string): string {
  const root = Buffer.from(home.secret('operation-keys-root'));
  const path = home.file(`secrets/operation-keys.${service}.json`);
  const keys = deriveOperationKeys([root], service, Object.values(domainOwners));
  writeFileSync(path, JSON.stringify(keys), { mode: 0o600 });
  return path;
}

/** The file of a master key: 32 random bytes in base64. */
export function masterKeyFile(home: Home, name: 'master.key' | 'channel-master.key' = 'master.key'): string {
  const path = home.file(`secrets/${name}`);
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600 });
  return path;
}
