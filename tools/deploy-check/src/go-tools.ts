import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs that check manifests, each pinned by a go.mod of its own in the folder of its name. */
const PACKAGES = {
  kustomize: 'sigs.k8s.io/kustomize/kustomize/v5',
  'kubectl-validate': 'sigs.k8s.io/kubectl-validate',
} as const;

/** The name of such a program. */
export type GoTool = keyof typeof PACKAGES;

/**
 * The path of a program, built once per pinned version and kept in `~/.cache/parley/bin`.
 * @throws {Error} that says what is missing when it cannot be built
 */
export async function goTool(name: GoTool): Promise<string> {
  const folder = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const binaries = join(homedir(), '.cache', 'parley', 'bin');
  const path = join(binaries, `${name}-${await pinnedVersion(folder, PACKAGES[name])}`);
  if (existsSync(path)) return path;
  await mkdir(binaries, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    await run('go', ['build', '-p', '1', '-ldflags=-s -w', '-o', unfinished, PACKAGES[name]], {
      cwd: folder,
    });
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT')
      throw new Error(`Checking manifests needs Go, to build ${name} once: see https://go.dev/dl`);
    throw new Error(`${name} could not be built:\n${stderr.slice(-2_000)}`);
  }
  await rename(unfinished, path);
  return path;
}

async function pinnedVersion(folder: string, module: string): Promise<string> {
  const text = await readFile(join(folder, 'go.mod'), 'utf8');
  const version = text.split('\n').map((line) =>
    line
      .trim()
      .replace(/^require /, '')
      .split(' '),
  );
  const found = version.find(([name]) => name === module)?.[1];
  if (found === undefined) throw new Error(`${folder}/go.mod does not require ${module}`);
  return found;
}
