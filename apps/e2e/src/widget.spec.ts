import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { artefacts, ask, graveViolations, openChat, startBrowser, story, visit } from './browser.ts';
import { readDemo } from './demo.ts';

const sourced = '.line.company:has(.sources)';

describe('The widget on /demo', () => {
  const demo = readDemo();
  const url = `${demo.baseUrl}/demo`;
  let browser: Browser | null = null;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
  });

  it('weighs at most 20 kB', async () => {
    const script = await (await fetch(`${demo.baseUrl}/widget.js`)).text();
    expect(gzipSync(script).length).toBeLessThan(20_000);
  });

  story('answers a visitor with a source, and keeps the history over a reload', async () => {
    const page = await visit(browser, url);
    const chat = await openChat(page);
    await ask(page, 'How do I add a channel?');
    const answer = chat.locator(sourced);
    await answer.waitFor({ timeout: 20_000 });
    expect(await chat.locator('.line.visitor').count()).toBe(1);
    expect(await answer.locator('.sources a').first().getAttribute('href')).toContain('add-a-channel');
    await page.screenshot({ path: `${artefacts}/widget-answer.png` });
    const before = await chat.locator('.line').allInnerTexts();
    await page.reload();
    await openChat(page);
    await answer.waitFor({ timeout: 20_000 });
    expect(await chat.locator('.line').allInnerTexts()).toEqual(before);
    await page.context().close();
  });

  const expected = [/adapter/i, /dlq replay/i, /ten minutes/i, /do not know/i];
  story(
    'answers three of the questions it suggests, with the page that says so, and declines one',
    async () => {
      const page = await visit(browser, url);
      const questions = page.locator('.questions button');
      await questions.nth(3).waitFor();
      for (const [index, words] of expected.entries()) {
        await questions.nth(index).click();
        const answer = page
          .locator('parley-widget .line.visitor')
          .nth(index)
          .locator('~ .line.company')
          .last();
        await answer.filter({ hasText: words }).waitFor({ timeout: 20_000 });
        expect(await answer.locator('.sources a').count()).toBeGreaterThanOrEqual(index < 3 ? 1 : 0);
        if (index === 3) expect(await answer.locator('.sources').count()).toBe(0);
      }
      expect(await page.locator('parley-widget .line.visitor .bubble').allInnerTexts()).toEqual(
        await questions.allInnerTexts(),
      );
      await page.screenshot({ path: `${artefacts}/widget-suggested.png` });
      await page.context().close();
    },
  );

  story('opens a page that can be read when a source is clicked', async () => {
    const page = await visit(browser, url);
    const chat = await openChat(page);
    await ask(page, 'How long is an access token valid?');
    const source = chat.locator('.sources a').first();
    await source.waitFor({ timeout: 20_000 });
    const [opened] = await Promise.all([page.context().waitForEvent('page'), source.click()]);
    await opened.getByRole('heading', { level: 1 }).waitFor();
    expect(await opened.locator('main').innerText()).toContain('ten minutes');
    expect(await graveViolations(opened)).toEqual([]);
    await opened.screenshot({ path: `${artefacts}/widget-source.png` });
    await page.context().close();
  });

  story('works by keyboard alone: the focus goes in, and back where it came from', async () => {
    const page = await visit(browser, url);
    const focused = (): Promise<string> =>
      page.evaluate(
        "document.querySelector('parley-widget').shadowRoot.activeElement?.getAttribute('aria-label') ?? ''",
      );
    await page.getByRole('button', { name: 'Open chat' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await focused()).toBe('Message');
    await page.keyboard.type('How long is an access token valid?');
    await page.keyboard.press('Enter');
    await page.locator(`parley-widget ${sourced}`).waitFor({ timeout: 20_000 });
    expect(await focused()).toBe('Message');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await focused()).toBe('Open chat');
    await page.context().close();
  });

  const looks = [
    { name: 'desktop-light', colorScheme: 'light', viewport: { width: 1180, height: 820 } },
    { name: 'desktop-dark', colorScheme: 'dark', viewport: { width: 1180, height: 820 } },
    { name: 'phone-light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
    { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  ] as const;
  for (const { name, ...options } of looks) {
    story(`shuts nobody out (${name})`, async () => {
      const page = await visit(browser, url, { ...options, reducedMotion: 'reduce' });
      await page.getByRole('button', { name: 'Open chat' }).waitFor();
      expect(await graveViolations(page)).toEqual([]);
      const chat = await openChat(page);
      await chat.locator('.suggestions button').first().waitFor();
      await page.screenshot({ path: `${artefacts}/widget-${name}-open.png` });
      expect(await graveViolations(page)).toEqual([]);
      await ask(page, 'How long is an access token valid?');
      await chat.locator(sourced).waitFor({ timeout: 20_000 });
      await page.screenshot({ path: `${artefacts}/widget-${name}.png` });
      expect(await graveViolations(page)).toEqual([]);
      await page.context().close();
    });
  }

  story('says plainly that a page is not allowed to show it', async () => {
    const page = await visit(browser, url);
    await page.route('**/sessions', (route) => route.fulfill({ status: 403, body: '{}' }));
    const chat = await openChat(page);
    await chat.getByText('The chat is not available on this page.').waitFor();
    await ask(page, 'Is anybody there?');
    await chat.getByRole('button', { name: 'Try again' }).waitFor();
    await page.unroute('**/sessions');
    await chat.getByRole('button', { name: 'Try again' }).click();
    await chat.locator('.line.visitor.done').waitFor({ timeout: 20_000 });
    expect(await chat.locator('.line.visitor').count()).toBe(1);
    await page.context().close();
  });
});
