import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { readDemo } from './demo.ts';

const executablePath = '/usr/bin/chromium';
const artefacts = fileURLToPath(new URL('../../../artefacts', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const story = existsSync(executablePath) ? it : it.skip;
interface Violation {
  id: string;
  impact: string | null;
}

describe('The reference', () => {
  const demo = readDemo();
  let browser: Browser | undefined;

  beforeAll(async () => {
    mkdirSync(artefacts, { recursive: true });
    if (existsSync(executablePath))
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
    if (!browser) throw new Error('There is no browser.');
    const page = await browser.newPage({ viewport: { width: 1180, height: 820 } });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${demo.baseUrl}${path}`);
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
      await page.evaluate(axe);
      const violations = (await page.evaluate(
        'axe.run().then((result) => result.violations)',
      )) as Violation[];
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(grave.map(({ id }) => id)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }
});
