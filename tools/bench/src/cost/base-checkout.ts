import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Checkouts of commits that are compared with, outside the repository. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley', 'bench');
}

/**
 * A checkout of a commit that `npm run up` can start: made and built once, kept in the cache folder.
 * @param root the repository
 * @param say told before something that takes time
 * @throws Error when the repository does not have the commit, or its build fails
 */
export function baseCheckout(root: string, commit: string, say: (line: string) => void): string {
  const full = resolveCommit(root, commit);
  const folder = join(cacheFolder(), full.slice(0, 12));
  if (!existsSync(folder)) {
    say(`Checking out ${full.slice(0, 7)}`);
    // Renamed when complete: a checkout that was interrupted is never used.
    const part = `${folder}.${process.pid}`;
    extract(root, full, part);
    installPackages(root, part, say);
    rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
  }
  say(`Building ${full.slice(0, 7)}, unless it is built`);
  const built = spawnSync('node', ['--no-warnings', join(folder, 'tools/up/bin/build.mjs')], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(folder, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
  });
  if (built.status !== 0)
    throw new Error(`The base commit could not be built.\n${built.stdout}${built.stderr}`);
  return folder;
}

function resolveCommit(root: string, commit: string): string {
  const found = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], {
    cwd: root,
    encoding: 'utf8',
  });
  if (found.status !== 0)
    throw new Error(`The repository has no commit "${commit}". Give one of \`git log\`, or fetch it first.`);
  return found.stdout.trim();
}

function extract(root: string, commit: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', commit], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}

/** Links the packages of this repository where both lockfiles are equal, else installs. Workspace links are relative. */
function installPackages(root: string, folder: string, say: (line: string) => void): void {
  const lockOf = (of: string): string => readFileSync(join(of, 'package-lock.json'), 'utf8');
  const packages = join(folder, 'node_modules');
  if (lockOf(root) === lockOf(folder)) {
    const linked = spawnSync('cp', ['-al', join(root, 'node_modules'), packages]);
    // Results of builds lie there as well, and belong to other sources.
    rmSync(join(packages, '.cache'), { recursive: true, force: true });
    if (linked.status === 0) return;
    rmSync(packages, { recursive: true, force: true });
  }
  say('Installing its packages');
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, encoding: 'utf8' });
  if (installed.status !== 0)
    throw new Error(`The packages of the base commit could not be installed.\n${installed.stderr}`);
}
