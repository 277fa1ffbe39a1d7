import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const args = ['--no-warnings', `${root}tools/lockfile/src/main.ts`];
const { status } = spawnSync(`${root}node_modules/.bin/node`, args, { stdio: 'inherit' });
process.exit(status ?? 1);
