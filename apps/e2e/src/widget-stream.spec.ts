import { createAgent, setUpChannel } from '@parley/contracts';
import { type OpenAiServer, startOpenAiServer } from '@parley/testing';
import type { Browser } from 'playwright-core';
import { artefacts, ask, openChat, startBrowser, story, visit } from './browser.ts';
import { clientOf, readDemo } from './demo.ts';

describe('The widget with an agent that has a model', () => {
  const demo = readDemo();
  let browser: Browser | null = null;
  let model: OpenAiServer;
  let channelId = '';

  beforeAll(async () => {
    browser = await startBrowser();
    model = await startOpenAiServer();
    const client = clientOf(demo);
    const { spaceId } = demo;
    const agent = await client.call(createAgent, {
      spaceId,
      name: 'Mo',
      instructions: 'Answer in one sentence.',
      model: { provider: 'openai-compatible', model: 'local', baseUrl: model.baseUrl },
      modelApiKey: null,
    });
    const { channel } = await client.call(setUpChannel, {
      spaceId,
      target: { agentId: agent.id },
      channel: {
        deploymentType: 'WEB',
        channelIdentifier: demo.baseUrl,
        configuration: { widgetConfiguration: { title: 'Mo' } },
      },
    });
    channelId = channel.id;
  });

  afterAll(async () => {
    await browser?.close();
    await model.close();
  });

  story(
    'shows the answer while it is written, and that of a second attempt in place of the first',
    async () => {
      const page = await visit(browser, `${demo.baseUrl}/demo`);
      await page.getByRole('button', { name: 'Open chat' }).waitFor();
      await page.evaluate(`(() => {
      const other = document.createElement('parley-widget');
      other.setAttribute('channel', ${JSON.stringify(channelId)});
      document.querySelector('parley-widget').replaceWith(other);
    })()`);
      let begin = (): void => undefined;
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      model.enqueueReplies({ kind: 'text', pieces: ['', 'Good ', 'morning.'], until: begun });
      const chat = await openChat(page);
      await ask(page, 'Hello?');
      await chat.locator('.writing').waitFor({ timeout: 20_000 });
      begin();
      await chat.locator('.line.company.done', { hasText: 'Good morning.' }).waitFor({ timeout: 20_000 });

      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      model.enqueueReplies(
        { kind: 'cut', pieces: ['It is far ', 'too late.'] },
        { kind: 'text', pieces: ['It is **nine** ', 'o’clock.'], until: held },
      );
      await ask(page, 'What time is it?');
      const streaming = chat.locator('.line.streaming');
      await streaming.filter({ hasText: /^It is nine/ }).waitFor({ timeout: 30_000 });
      expect(await streaming.getAttribute('aria-live')).toBe('off');
      expect(await chat.locator('.line', { hasText: 'late' }).count()).toBe(0);
      await page.screenshot({ path: `${artefacts}/widget-streaming.png` });
      release();
      await chat.locator('.line.company.done', { hasText: 'o’clock.' }).waitFor({ timeout: 20_000 });
      expect(await chat.locator('.line.company').allInnerTexts()).toHaveLength(2);
      expect(await streaming.count()).toBe(0);
      expect(await chat.locator('.writing').isVisible()).toBe(false);
      await page.context().close();
    },
  );
});
