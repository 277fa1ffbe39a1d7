import type { Browser, Page } from 'playwright-core';
import { artefacts, graveViolations, startBrowser, story, visit } from './browser.ts';
import { readDemo } from './demo.ts';

describe('The reference', () => {
  const demo = readDemo();
  let browser: Browser | null = null;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
    const complaints: string[] = [];
    const page = await visit(browser, `${demo.baseUrl}${path}`);
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.reload();
    return { page, complaints };
  }

  it.each(['openapi', 'asyncapi'])('serves %s.json', async (name) => {
    const answer = await fetch(`${demo.baseUrl}/api/v1/${name}.json`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toHaveProperty(name);
  });

  const pages = [
    { path: '/docs', words: 'post message', found: 'Post a message' },
    { path: '/events', words: 'message_posted', found: 'conversation.message_posted' },
  ];
  for (const { path, words, found } of pages) {
    story(`${path} finds what is looked for, by keyboard, and shuts nobody out`, async () => {
      const { page, complaints } = await open(path);
      const all = await page.locator('article:visible').count();
      await page.keyboard.press('/');
      await page.keyboard.type(words);
      await page.getByRole('heading', { name: found, exact: true }).waitFor();
      expect(await page.locator('article:visible').count()).toBeLessThan(all / 5);
      await page.screenshot({ path: `${artefacts}/reference${path.replace('/', '-')}.png` });
      await page.keyboard.press('Escape');
      expect(await page.locator('article:visible').count()).toBe(all);
      expect(await graveViolations(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    });
  }

  story('/docs/guides lists the written pages, and they can be read on a small screen', async () => {
    const page = await visit(browser, `${demo.baseUrl}/docs/guides`, {
      viewport: { width: 390, height: 844 },
    });
    await page.getByRole('link', { name: 'Operate Parley', exact: true }).click();
    await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
    expect(await page.locator('main').innerText()).toContain('npx parley dlq list');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await graveViolations(page)).toEqual([]);
    await page.context().close();
  });

  it.each(['nothing', '../README', '%2e%2e%2fREADME', 'decisions/nothing'])(
    'has no page %s',
    async (name) => {
      expect((await fetch(`${demo.baseUrl}/docs/guides/${name}`)).status).toBe(404);
    },
  );
});
