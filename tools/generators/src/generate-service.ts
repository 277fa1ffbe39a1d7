import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { makeKnown } from './edits.ts';
import type { ServiceRequest, Tokens } from './service-names.ts';
import { fill, namesOf } from './service-names.ts';

/** What was done, in paths from the workspace's root, and what is left to do. */
export interface Generated {
  readonly written: readonly string[];
  readonly edited: readonly string[];
  readonly next: readonly string[];
}

const templates = fileURLToPath(new URL('../templates/service', import.meta.url));
const biome = fileURLToPath(new URL('../../../node_modules/@biomejs/biome/bin/biome', import.meta.url));

/**
 * Writes a whole small service into the workspace at `root`: the app, its contracts and its manifests.
 * @throws {Error} when a name is bad or already taken; nothing is written then
 */
export async function generateService(
  request: ServiceRequest & { readonly root: string },
): Promise<Generated> {
  const { root } = request;
  const tokens = namesOf(request);
  const files = await filledTemplates(tokens);
  const taken = files.find(({ path }) => existsSync(join(root, path)));
  if (taken !== undefined)
    throw new Error(`${taken.path} exists already: choose another name, subject or domain`);
  const edited = await makeKnown(root, tokens);
  for (const { path, text } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const written = files.map(({ path }) => path);
  await format(root, [...written, ...edited]);
  return {
    written,
    edited,
    next: [
      'npm install   (makes the new package known)',
      `npm run typecheck && npx eslint apps/${tokens.name} && npx nx test ${tokens.name}`,
      'node tools/deploy-check/bin/deploy-check.mjs --write   (gives it its NATS user and operation keys)',
      'npm run up    (starts it with the others)',
    ],
  };
}

async function filledTemplates(tokens: Tokens): Promise<{ path: string; text: string }[]> {
  const entries = await readdir(templates, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.sort().map(async (file) => ({
      path: fill(relative(templates, file).replace(/\.template$/, ''), tokens),
      text: fill(await readFile(file, 'utf8'), tokens),
    })),
  );
}

// Names have different lengths, so lines break elsewhere than in the template.
async function format(root: string, paths: readonly string[]): Promise<void> {
  const formatted = paths.filter((path) => /\.(ts|json)$/.test(path)).map((path) => join(root, path));
  await promisify(execFile)(process.execPath, [biome, 'format', '--write', ...formatted], { cwd: root });
}
