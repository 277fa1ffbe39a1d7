import { existsSync, readdirSync, readFileSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const stampPath = (root: string): string => join(root, 'node_modules/.cache/parley-build');

/** Tells one build from another. */
export function buildStamp(root: string): string {
  return readFileSync(stampPath(root), 'utf8');
}

/** Builds every project, unless nothing has changed since the last time. */
export function build(root: string): string {
  const stampFile = stampPath(root);
  const stamp = stampOf(root);
  if (
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === stamp &&
    existsSync(join(root, 'apps/widget/dist/widget.js'))
  )
    return 'is up to date';
  const { status, stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/nx'),
    ['run-many', '-t', 'build', '--output-style=static'],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0' },
    },
  );
  if (status !== 0) throw new Error(`The build failed.\n${stdout}\n${stderr}`);
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  writeFileSync(stampFile, stamp);
  return 'built';
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
  return `${count} ${newest} ${statSync(join(root, '.swcrc')).mtimeMs}`;
}
