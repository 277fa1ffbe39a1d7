import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { escape, frame } from './html.ts';
import { type Heading, markdownHtml } from './markdown.ts';

/** In an image they lie beside the bundle; else at the root of the repository, as seen from a bundle or a source. */
const folders = ['./docs/', '../../docs/', '../../../../docs/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const folder = folders.find((path) => existsSync(path)) ?? './docs/';
const NAME = /^(decisions\/)?[a-z0-9-]+$/;

/** A guide as a page with a table of contents; null when there is no such guide. */
export async function guidePage(name: string): Promise<string | null> {
  const text = NAME.test(name) ? await readGuide(name) : null;
  if (text === null) return null;
  const { title, html, headings } = markdownHtml(text);
  return frame(title, `<main id="content" class="guide">${html}</main>`, contents(headings));
}

/** The index of the guides, followed by the decisions; null where the documentation is not installed. */
export async function guidesPage(): Promise<string | null> {
  const [index, names] = await Promise.all([readGuide('index'), pageNames()]);
  if (index === null) return null;
  const items = await Promise.all(
    names
      .filter((name) => name.startsWith('decisions/'))
      .map(async (name) => {
        const { title } = markdownHtml((await readGuide(name)) ?? '');
        return `<li><a href="/docs/guides/${name}">${escape(title || name)}</a></li>`;
      }),
  );
  const { title, html } = markdownHtml(index);
  const decisions = `<h2 id="decisions">Decisions</h2><ul>${items.join('')}</ul>`;
  return frame(title, `<main id="content" class="guide">${html}${decisions}</main>`);
}

function readGuide(name: string): Promise<string | null> {
  return readFile(join(folder, `${name}.md`), 'utf8').catch(() => null);
}

/** Links to the sections of a guide, where it has several. */
function contents(headings: readonly Heading[]): string {
  const sections = headings.filter(({ depth }) => depth === 2 || depth === 3);
  if (sections.length < 2) return '';
  const items = sections.map(
    ({ depth, id, html }) => `<li class="depth-${depth}"><a href="#${id}">${html}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${items.join('')}</ul></nav>`;
}

async function pageNames(): Promise<string[]> {
  const found = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const names = found.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -3));
  return names.filter((name) => NAME.test(name)).sort();
}
