import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { readDemo } from './demo.ts';

const executablePath = '/usr/bin/chromium';
const artefacts = fileURLToPath(new URL('../../../artefacts', import.meta.url));
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const story = existsSync(executablePath) ? it : it.skip;

describe('The widget on /demo', () => {
  const demo = readDemo();
  let browser: Browser | undefined;

  beforeAll(async () => {
    mkdirSync(artefacts, { recursive: true });
    if (existsSync(executablePath)) browser = await chromium.launch({ executablePath, args });
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function open(): Promise<Page> {
    if (!browser) throw new Error('There is no browser.');
    const page = await browser.newPage({ viewport: { width: 1180, height: 820 } });
    await page.goto(`${demo.baseUrl}/demo`);
    return page;
  }

  story('answers a visitor with a source, and keeps the history over a reload', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Open chat' }).click();
    await page.getByLabel('Message').fill('How do I add a channel?');
    await page.keyboard.press('Enter');
    const answer = page.locator('.line.company', { has: page.locator('.sources') });
    await answer.waitFor({ timeout: 20_000 });
    expect(await page.locator('.line.visitor').count()).toBe(1);
    expect(await answer.locator('.sources a').first().getAttribute('href')).toContain('add-a-channel');
    await page.screenshot({ path: `${artefacts}/widget-answer.png` });
    await page.reload();
    await page.getByRole('button', { name: 'Open chat' }).click();
    await answer.waitFor({ timeout: 20_000 });
    expect(await page.locator('.line.visitor').count()).toBe(1);
    await page.screenshot({ path: `${artefacts}/widget-after-reload.png` });
    await page.close();
  });
});
