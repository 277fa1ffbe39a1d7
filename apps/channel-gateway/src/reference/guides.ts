import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { escape, frame } from './html.ts';
import { markdownHtml } from './markdown.ts';

/** In an image they lie beside the bundle; else at the root of the repository, as seen from a bundle or a source. */
const folders = ['./docs/', '../../docs/', '../../../../docs/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const folder = folders.find((path) => existsSync(path)) ?? './docs/';
const NAME = /^(decisions\/)?[a-z0-9-]+$/;

/** The written pages of the documentation, where the repository's `docs/` lies beside the gateway: by name; null when there is none. */
export async function guidePage(name: string): Promise<string | null> {
  const text = NAME.test(name) ? await readFile(join(folder, `${name}.md`), 'utf8').catch(() => null) : null;
  if (text === null) return null;
  const { title, html } = markdownHtml(text);
  return frame(title, `<main id="content" class="guide">${html}</main>`);
}

/** The list of the written pages; null where there are none. */
export async function guidesPage(): Promise<string | null> {
  const names = await pageNames();
  if (names.length === 0) return null;
  const items = await Promise.all(
    names.map(async (name) => {
      const { title } = markdownHtml(await readFile(join(folder, `${name}.md`), 'utf8'));
      return `<li><a href="/docs/guides/${name}">${escape(title || name)}</a></li>`;
    }),
  );
  return frame('Guides', `<main id="content" class="guide"><h1>Guides</h1><ul>${items.join('')}</ul></main>`);
}

async function pageNames(): Promise<string[]> {
  const found = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const names = found.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -3));
  return names
    .filter((name) => NAME.test(name))
    .sort((left, right) => depth(left) - depth(right) || left.localeCompare(right));
}

function depth(name: string): number {
  return name.split('/').length;
}
