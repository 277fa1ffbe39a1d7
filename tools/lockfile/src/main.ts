import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Lockfile, normalizeLockfile } from './lockfile.ts';

const path = fileURLToPath(new URL('../../../package-lock.json', import.meta.url));
const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
const changed = normalizeLockfile(lockfile);
if (changed.length > 0) writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
console.log(`Lockfile: ${changed.length} entries normalized`);
