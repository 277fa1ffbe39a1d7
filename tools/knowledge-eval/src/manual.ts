import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from './evaluation.ts';

const run = promisify(execFile);
const PACKAGE = 'postgresql-doc-15';

const URL_BASE = 'https://www.postgresql.org/docs/15/';

/** Where a page of the manual is found on the web. */
export const urlOf = (fileName: string): string => `${URL_BASE}${fileName}`;

export interface Manual {
  /** Version of Debian's package. */
  version: string;
  pages: Page[];
}

/** Debian's archive cannot be reached, or this machine is no Debian. */
export class ManualUnavailableError extends Error {
  override readonly name = 'ManualUnavailableError';
}

const reason = (error: unknown): string => {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr?.trim().split('\n').at(-1) || message || 'unknown error').slice(0, 300);
};

/** apt with lists and cache of its own, so that it works without root and without a package list on the machine. */
async function downloadWithOwnLists(directory: string): Promise<void> {
  const state = join(directory, 'apt');
  const options = [
    `Dir::State::lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  await run('mkdir', ['-p', `${state}/lists/partial`, `${state}/cache/archives/partial`]);
  await run('apt-get', [...options, '-q', 'update'], { cwd: directory, timeout: 180_000 });
  await run('apt-get', [...options, '-q', 'download', PACKAGE], { cwd: directory, timeout: 180_000 });
}

async function download(directory: string): Promise<string> {
  try {
    await run('apt-get', ['-q', 'download', PACKAGE], { cwd: directory, timeout: 120_000 }).catch(() =>
      downloadWithOwnLists(directory),
    );
  } catch (error) {
    throw new ManualUnavailableError(`Debian's package ${PACKAGE} could not be downloaded: ${reason(error)}`);
  }
  const file = (await readdir(directory)).find((name) => name.startsWith(PACKAGE) && name.endsWith('.deb'));
  if (file === undefined) {
    throw new ManualUnavailableError(`apt-get downloaded no ${PACKAGE}.`);
  }
  return join(directory, file);
}

function titleOf(html: string, fileName: string): string {
  const title = /<title>([^<]*)<\/title>/.exec(html)?.[1] ?? '';
  const plain = title
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? fileName : plain;
}

/** Every HTML page of PostgreSQL 15's manual as Debian packs it now. @throws ManualUnavailableError */
export async function obtainManual(): Promise<Manual> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-manual-'));
  try {
    await chmod(directory, 0o755);
    const archive = await download(directory);
    const { stdout } = await run('dpkg-deb', ['-f', archive, 'Version']);
    await run('dpkg-deb', ['-x', archive, join(directory, 'content')]);
    const root = join(directory, 'content/usr/share/doc', PACKAGE, 'html');
    const names = (await readdir(root)).filter((name) => name.endsWith('.html')).sort();
    const pages = await Promise.all(
      names.map(async (fileName) => {
        const text = await readFile(join(root, fileName), 'utf8');
        return {
          url: urlOf(fileName),
          title: titleOf(text, fileName),
          mediaType: 'text/html' as const,
          text,
        };
      }),
    );
    return { version: stdout.trim(), pages };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
