import { listConversations, listMessages, type Message } from '@parley/contracts';
import type { Browser, Page } from 'playwright-core';
import { until } from '@parley/testing';
import { artefacts, ask, openChat, startBrowser, story, visit } from './browser.ts';
import { clientOf, readDemo } from './demo.ts';
import { allReady, pidOf } from './processes.ts';

const questions = [
  'How long is an access token valid?',
  'How do I add a channel?',
  'How do I replay a dead letter?',
];

/** Watches the chat at every change: what a visitor sees, even for a moment, is never doubled or out of order. */
const WATCH = `(() => {
  const root = document.querySelector('parley-widget').shadowRoot;
  window.complaints = [];
  new MutationObserver(() => {
    const lines = [...root.querySelectorAll('.line')];
    const asked = lines.filter((line) => line.matches('.visitor')).map((line) => line.querySelector('.bubble').textContent);
    const ids = lines.map((line) => line.dataset.id);
    if (new Set(asked).size < asked.length) window.complaints.push('twice: ' + asked.join(' | '));
    if (new Set(ids).size < ids.length) window.complaints.push('one line twice');
    const order = ${JSON.stringify(questions)}.filter((question) => asked.includes(question));
    if (order.join() !== asked.join()) window.complaints.push('out of order: ' + asked.join(' | '));
  }).observe(root, { childList: true, subtree: true });
})()`;

describe('The widget while services are killed between question and answer', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  let browser: Browser | null = null;

  beforeAll(async () => {
    browser = await startBrowser();
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function stored(visitorToken: string): Promise<Message[]> {
    const visitor = clientOf({ ...demo, apiKey: visitorToken });
    const { data } = await visitor.call(listConversations, { spaceId: demo.spaceId, limit: 10 });
    expect(data.length).toBe(1);
    const conversationId = data[0]?.id ?? '';
    return (await client.call(listMessages, { spaceId: demo.spaceId, conversationId, limit: 200 })).data;
  }

  async function askAndKill(page: Page, service: string, question: string): Promise<void> {
    const answers = page.locator('parley-widget .line.company:has(.sources)');
    const before = await answers.count();
    const pid = pidOf(service);
    const answerer = pidOf('flow-engine');
    // Nothing is answered before the kill, however quick the machine is.
    process.kill(answerer, 'SIGSTOP');
    try {
      await ask(page, question);
      process.kill(pid, 'SIGKILL');
      expect(await answers.count()).toBe(before);
    } finally {
      if (answerer !== pid) process.kill(answerer, 'SIGCONT');
    }
    await answers.nth(before).waitFor({ timeout: 30_000 });
    await until(`${service} runs again`, () => pidOf(service) !== pid);
  }

  for (const service of ['channel-gateway', 'conversation', 'flow-engine']) {
    story(
      `loses and doubles nothing when ${service} is killed`,
      async () => {
        await allReady();
        const page = await visit(browser, `${demo.baseUrl}/demo`);
        const chat = await openChat(page);
        await page.evaluate(WATCH);
        for (const question of questions) await askAndKill(page, service, question);
        await page.screenshot({ path: `${artefacts}/widget-kill-${service}.png` });
        expect(await chat.locator('.line.visitor .bubble').allInnerTexts()).toEqual(questions);
        expect(await chat.locator('.line.company:has(.sources)').count()).toBe(questions.length);
        expect(await page.evaluate('window.complaints')).toEqual([]);

        const token = await page.evaluate(`localStorage.getItem('parley:${demo.webChannelId}')`);
        const messages = await until('all is stored', async () => stored(String(token)).catch(() => null));
        const asked = messages.filter(({ author }) => author.type === 'contact');
        expect(asked.map(({ parts }) => (parts[0]?.type === 'text' ? parts[0].text : ''))).toEqual(questions);
        const answered = messages.filter(
          ({ author, citations }) => author.type === 'agent' && citations.length > 0,
        );
        expect(answered.map(({ replyTo }) => replyTo)).toEqual(asked.map(({ id }) => id));
        expect(messages.map(({ sequence }) => sequence)).toEqual(
          messages.map(({ sequence }) => sequence).toSorted((left, right) => left - right),
        );
        const shown = await chat
          .locator('.line:not(.note)')
          .evaluateAll((lines) => lines.map((line) => line.getAttribute('data-id')));
        expect(shown).toEqual(messages.map(({ id }) => id));
        await page.context().close();
      },
      180_000,
    );
  }

  story('sends after a reload what the reload interrupted', async () => {
    const page = await visit(browser, `${demo.baseUrl}/demo`);
    const chat = await openChat(page);
    const [first = '', second = ''] = questions;
    await ask(page, first);
    await chat.locator('.sources').waitFor({ timeout: 20_000 });
    process.kill(pidOf('conversation'), 'SIGKILL');
    await ask(page, second);
    await page.reload();
    await openChat(page);
    await chat.locator('.line.company:has(.sources)').nth(1).waitFor({ timeout: 30_000 });
    expect(await chat.locator('.line.visitor .bubble').allInnerTexts()).toEqual([first, second]);
    await page.context().close();
  });
});
