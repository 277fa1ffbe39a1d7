import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverFolder } from '@parley/testing';

/** The version whose options and reports this tool knows. */
export const VERSION = '4.32.5';
const INSTALL_MS = 600_000;
const run = promisify(execFile);

/**
 * The command of Schemathesis, in a Python environment of its own beside the servers that are built; installed from
 * PyPI once.
 */
export async function findSchemathesis(): Promise<string> {
  const environment = join(dirname(serverFolder()), 'peers', `schemathesis-${VERSION}`);
  const command = join(environment, 'bin', 'schemathesis');
  if (existsSync(command)) return command;
  console.log(`Schemathesis ${VERSION} is installed in ${environment}, once (about a minute).`);
  mkdirSync(dirname(environment), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', environment]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
    const packages = [`schemathesis==${VERSION}`];
    await run(join(environment, 'bin', 'python'), [...pip, ...packages], { timeout: INSTALL_MS });
    return command;
  } catch (error) {
    rmSync(environment, { recursive: true, force: true });
    throw new Error(
      `Schemathesis ${VERSION} could not be installed. It needs python3 with venv and PyPI: ${String(error)}`,
    );
  }
}
