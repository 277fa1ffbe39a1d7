import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

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
  mkdirSync(path, { recursive: true });
  // PostgreSQL may run as another user, who has to pass through.
  chmodSync(path, 0o711);
  const file = (name: string): string => join(path, name);
  mkdirSync(file('secrets'), { recursive: true, mode: 0o700 });
  return { path, file, secret: (name) => keptSecret(file(`secrets/${name}`)) };
}

function keptSecret(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

/** The master key's file: 32 random bytes in base64. */
export function masterKeyFile(home: Home): string {
  const path = home.file('secrets/master.key');
  if (!existsSync(path)) writeFileSync(path, randomBytes(32).toString('base64'), { mode: 0o600 });
  return path;
}
