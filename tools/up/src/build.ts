import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Whether a build is there: somebody may have removed a part of it. */
function isThere(root: string): boolean {
  const services = readdirSync(join(root, 'apps')).filter((name) =>
    existsSync(join(root, 'apps', name, 'src/migrate.ts')),
  );
  const files = ['apps/widget/dist/widget.js', ...services.map((name) => `dist/${name}/main.js`)];
  return files.every((file) => existsSync(join(root, file)));
}

const stampPath = (root: string): string => join(root, 'node_modules/.cache/parley-build');

/** Tells one build from another. */
export function buildStamp(root: string): string {
  return readFileSync(stampPath(root), 'utf8');
}

const cachePath = (root: string): string => join(root, 'dist/.compiled');

/** Where Node keeps what it has compiled of this build, for every installation that runs it; null where this user may not write. */
export function compileCache(root: string): string | null {
  try {
    accessSync(join(root, 'dist'), constants.W_OK);
    return cachePath(root);
  } catch {
    return null;
  }
}

/** Builds every project and bundles the services, unless nothing has changed since the last time. */
export function build(root: string): string {
  const stampFile = stampPath(root);
  const stamp = stampOf(root);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && isThere(root))
    return 'is up to date';
  const { status, stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/nx'),
    ['run-many', '-t', 'build', 'bundle', '--output-style=static'],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' },
    },
  );
  if (status !== 0) throw new Error(`The build failed.\n${stdout}\n${stderr}`);
  rmSync(cachePath(root), { recursive: true, force: true });
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  writeFileSync(stampFile, stamp);
  return 'is new';
}

/** Newest change and number of all sources. */
function stampOf(root: string): string {
  let newest = 0;
  let count = 0;
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === 'dist' || entry.name === 'node_modules') continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else {
        newest = Math.max(newest, statSync(path).mtimeMs);
        count += 1;
      }
    }
  };
  for (const folder of ['apps', 'libs']) visit(join(root, folder));
  for (const file of ['.swcrc', 'docker/bundle.mjs'])
    newest = Math.max(newest, statSync(join(root, file)).mtimeMs);
  return `${count} ${newest}`;
}
