import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseConfig, httpConfig } from '@parley/service';
import { guidePage, guidesPage } from './guides.ts';
import { markdownHtml } from './markdown.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const pages = readdirSync(join(root, 'docs'), { recursive: true })
  .map((name) => `docs/${String(name)}`)
  .filter((name) => name.endsWith('.md'));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

describe('The written pages', () => {
  it('are shown, each and in the index; nothing else is', async () => {
    const list = await guidesPage();
    for (const page of pages) {
      const name = page.slice('docs/'.length, -'.md'.length);
      if (name !== 'index') expect(list).toContain(`href="/docs/guides/${name}"`);
      expect(await guidePage(name)).toContain('<h1');
    }
    for (const name of ['../README', 'nothing', 'api/openapi', '']) expect(await guidePage(name)).toBeNull();
  });

  it('have anchors, and a table of contents that leads to them', async () => {
    const html = (await guidePage('install')) ?? '';
    expect(html).toContain('<nav class="contents" aria-label="On this page">');
    const links = [...html.matchAll(/<li class="depth-\d"><a href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links).toContain('install-on-kubernetes');
    expect(links.filter((id) => !html.includes(` id="${id}"`))).toEqual([]);
  });

  it('link to headings that exist', async () => {
    const missing: string[] = [];
    for (const page of ['README.md', ...pages])
      for (const [, path = '', id = ''] of read(page).matchAll(/\]\(([\w./-]*\.md)?#([^)]+)\)/g)) {
        const target = join(root, dirname(page), path === '' ? basename(page) : path);
        const { headings } = markdownHtml(readFileSync(target, 'utf8'));
        if (!headings.some((heading) => heading.id === id)) missing.push(`${page}: ${path}#${id}`);
      }
    expect(missing).toEqual([]);
  });

  describe.each(['README.md', ...pages])('%s', (page) => {
    const text = read(page);

    it('names files that exist', () => {
      const named = [...text.matchAll(/`((?:apps|libs|tools|docs|deploy|docker)\/[\w./-]*\w)\/?`/g)].map(
        ([, path = '']) => path,
      );
      expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    });

    it('links to files that exist', () => {
      const links = [...text.matchAll(/\]\((?!https?:|#|\/)([^)#\s]+)/g)].map(([, path = '']) => path);
      expect(links.filter((path) => !existsSync(join(root, dirname(page), path)))).toEqual([]);
    });

    it('gives commands that exist', () => {
      const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
      const runs = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
      expect(runs.filter((name) => !(name in scripts))).toEqual([]);
      const tools = [...text.matchAll(/node (tools\/[\w./-]+)/g)].map(([, path = '']) => path);
      expect(tools.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    });
  });

  it('list every variable that a service reads, and no other', () => {
    const listed = [...read('docs/operations.md').matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map(
      ([, name]) => name,
    );
    const services = [
      'conversation',
      'flow-engine',
      'identity',
      'notifications',
      'assets',
      'channel-gateway',
      'telephony',
      'voice-agent',
    ];
    const own = services.map((service) => `apps/${service}/src/config.ts`);
    const files = [
      ...own,
      'libs/service/src/config/migration-config.ts',
      'libs/service/src/config/streams-config.ts',
    ];
    const declared = files.flatMap((file) =>
      [...read(file).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name),
    );
    const all = new Set([...Object.keys(baseConfig.shape), ...Object.keys(httpConfig.shape), ...declared]);
    expect(listed.toSorted()).toEqual([...all].toSorted());
  });
});
