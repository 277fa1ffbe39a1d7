import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { until } from '@parley/testing';
import { readDemo } from './demo.ts';
import { pidOf } from './processes.ts';

const executablePath = '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const QUESTION = 'How do I add a channel?';

(existsSync(executablePath) ? describe : describe.skip)('The widget under kills', () => {
  const demo = readDemo();
  let browser: Browser | undefined;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args });
  });

  afterAll(async () => {
    await browser?.close();
  });

  it.each(['channel-gateway', 'conversation', 'flow-engine'])(
    'shows the question once and one answer behind it although %s is killed in between',
    async (service) => {
      if (!browser) throw new Error('There is no browser.');
      const page = await browser.newPage({ viewport: { width: 1180, height: 820 } });
      await page.goto(`${demo.baseUrl}/demo`);
      await page.getByRole('button', { name: 'Open chat' }).click();
      await page.getByLabel('Message').fill(QUESTION);
      await page.keyboard.press('Enter');
      process.kill(pidOf(service), 'SIGKILL');
      const answer = page.locator('.line.company', { has: page.locator('.sources') });
      await answer.waitFor({ timeout: 30_000 });
      await until(
        'everything is ready again',
        async () => (await fetch(`${demo.baseUrl}/readyz?all=1`).catch(() => null))?.ok,
        30_000,
      );
      // A second showing would come with the resumed connection.
      await page.waitForTimeout(2000);
      expect(await page.locator('.line.visitor').count()).toBe(1);
      expect(await answer.count()).toBe(1);
      const kinds = await page
        .locator('.line.visitor, .line.company:has(.sources)')
        .evaluateAll((lines) => lines.map(({ classList }) => classList.contains('visitor')));
      expect(kinds).toEqual([true, false]);
      await page.close();
    },
    90_000,
  );
});
