import type { Message } from '@parley/contracts';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { until } from '@parley/testing';
import {
  artefacts,
  ask,
  graveViolations,
  listenToAgent,
  loudestOfAgent,
  openChat,
  startBrowser,
  story,
  visit,
} from '../browser.ts';
import { CallStage, type ScriptedAgent } from './call-stage.ts';
import { inRealTime } from '../real-time.ts';

inRealTime();

function posted(sequence: number, type: 'contact' | 'agent', text: string): object {
  const message = {
    id: `msg_${sequence}`,
    conversationId: 'conv_1',
    sequence,
    author: { type, name: type === 'agent' ? 'Pia' : 'Visitor' },
    parts: [{ type: 'text', text, format: 'plain' }],
    citations: [],
    internal: false,
    status: 'accepted',
    speech: null,
  } as unknown as Message;
  const event = { name: 'conversation.message_posted', conversationId: 'conv_1', sequence };
  return { type: 'event', ...event, data: { message, owner: 'flow' } };
}

describe('A call in the widget, with an agent that does as it is told', () => {
  const stage = new CallStage();
  let browser: Browser | null = null;

  beforeAll(async () => {
    await stage.open();
    browser = await startBrowser('--use-fake-device-for-media-stream');
  });

  afterAll(async () => {
    await browser?.close();
    await stage.close();
  });

  beforeEach(() => {
    Object.assign(stage.session, { voice: true, conversationId: null });
  });

  const url = (): string => `http://127.0.0.1:${stage.port}/`;

  async function visitor(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visit(browser, 'about:blank', { permissions: ['microphone'], ...options });
    await stage.connect(page);
    await page.goto(url());
    return page;
  }

  async function call(page: Page): Promise<{ chat: Locator; card: Locator; agent: ScriptedAgent }> {
    const chat = await openChat(page);
    await page.getByRole('button', { name: 'Talk: start a voice call' }).click();
    const agent = await stage.agent();
    agent.tell({ do: 'state', state: 'listening' });
    const card = page.getByRole('region', { name: 'Voice call' });
    await card.getByText('Listening').waitFor();
    return { chat, card, agent };
  }

  story('has no button where the session has no token', async () => {
    stage.session.voice = false;
    const page = await visitor();
    const chat = await openChat(page);
    await chat.getByText('Online').waitFor();
    expect(await chat.getByRole('button', { name: 'Talk: start a voice call' }).count()).toBe(0);
    await page.context().close();
  });

  story('is heard, captioned and written down once, and ends in the same chat', async () => {
    const page = await visit(browser, 'about:blank', { permissions: ['microphone'] });
    const live = await stage.connect(page);
    await page.goto(url());
    const { chat, card, agent } = await call(page);
    stage.session.conversationId = 'conv_1';
    await page.waitForTimeout(1500);
    expect((await agent.report('hears'))['hears']).toBe('caller-1');
    expect(
      await card.getByRole('combobox', { name: 'Microphone' }).locator('option').count(),
    ).toBeGreaterThan(1);

    await listenToAgent(page);
    agent.tell({ do: 'state', state: 'speaking' });
    agent.tell({ do: 'say', text: 'Hello! Ask me about our opening hours.', ms: 4000 });
    live.send(posted(1, 'agent', 'Hello! Ask me about our opening hours.'));
    await card.locator('.caption', { hasText: 'Hello! Ask me' }).waitFor();
    await until('the agent is heard', async () => (await loudestOfAgent(page)) > 0.01, 4000);
    await page.screenshot({ path: `${artefacts}/widget-call-speaking.png` });
    agent.tell({ do: 'state', state: 'thinking' });
    agent.tell({ do: 'heard', text: 'When do you open?', caller: 'caller-1' });
    await card.locator('.caption[data-side=visitor]', { hasText: 'When do you open?' }).waitFor();
    live.send(posted(2, 'contact', 'When do you open?'));
    await card.getByText('Thinking…').waitFor();
    await chat.locator('.line.visitor').waitFor();
    expect(await chat.locator('.line').count()).toBe(2);
    expect(await graveViolations(page)).toEqual([]);
    await page.screenshot({ path: `${artefacts}/widget-call-thinking.png` });

    await ask(page, 'And on Sundays?');
    await until('what was typed was posted', () => stage.posts.some((post) => post.includes('Sundays')));
    await card.getByRole('button', { name: 'Mute' }).click();
    await agent.report('muted');
    await card.getByText('Your microphone is off.').waitFor();
    await card.getByRole('button', { name: 'Unmute' }).click();
    await agent.report('unmuted');

    await card.getByRole('button', { name: 'Hang up' }).click();
    await chat.locator('.line.note', { hasText: /^Voice call, 0:\d\d$/ }).waitFor();
    expect(await card.count()).toBe(0);
    expect((await agent.report('left'))['left']).toBe('caller-1');
    expect(
      await page.evaluate("document.querySelector('parley-widget').shadowRoot.activeElement.className"),
    ).toBe('talk');
    live.send(posted(3, 'agent', 'At nine.'));
    await chat.locator('.line.company', { hasText: 'At nine.' }).waitFor();
    await page.context().close();
  });

  story('ends when the agent hangs up', async () => {
    const page = await visitor();
    const { chat, card } = await call(page);
    await stage.endCall();
    await chat.locator('.line.note', { hasText: 'Voice call' }).waitFor();
    expect(await card.count()).toBe(0);
    await page.context().close();
  });

  story('ends when the page is left', async () => {
    const page = await visitor();
    const { agent } = await call(page);
    await page.goto('about:blank');
    expect((await agent.report('left'))['left']).toBe('caller-1');
    await page.context().close();
  });

  story('goes on while the chat is shut, and says so', async () => {
    const page = await visitor();
    const { card } = await call(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Open chat. A call is going on' }).click();
    await card.getByText('Listening').waitFor();
    await page.context().close();
  });

  story('waits for another agent when one is lost, and says so when none comes', async () => {
    const page = await visitor();
    const { card, agent } = await call(page);
    agent.tell({ do: 'leave' });
    await card.getByText('Getting the assistant back…').waitFor();
    const second = await stage.anotherAgent();
    second.tell({ do: 'state', state: 'listening' });
    await card.getByText('Listening').waitFor();
    second.tell({ do: 'leave' });
    await card
      .getByRole('alert')
      .getByText('The assistant’s connection was lost.')
      .waitFor({ timeout: 20_000 });
    await page.screenshot({ path: `${artefacts}/widget-call-agent-lost.png` });
    await card.getByRole('button', { name: 'Call again' }).click();
    const third = await stage.agent();
    third.tell({ do: 'state', state: 'listening' });
    await card.getByText('Listening').waitFor();
    await page.context().close();
  });

  story(
    'tries to connect again, and says when it could not',
    async () => {
      const page = await visitor();
      const { card } = await call(page);
      await stage.liveKit?.process.stop('SIGKILL');
      await card.getByText('Reconnecting…').waitFor({ timeout: 30_000 });
      await card.getByRole('alert').getByText('The connection was lost.').waitFor({ timeout: 60_000 });
      await page.screenshot({ path: `${artefacts}/widget-call-connection-lost.png` });
      await stage.raiseLiveKit();
      await page.context().close();
    },
    120_000,
  );

  const troubles = [
    { what: 'a blocked microphone', error: 'NotAllowedError', says: 'The microphone is blocked.' },
    { what: 'no microphone', error: 'NotFoundError', says: 'No microphone was found.' },
    { what: 'a busy microphone', error: 'NotReadableError', says: 'The microphone could not be opened.' },
  ];
  for (const { what, error, says } of troubles) {
    story(`says plainly what to do about ${what}`, async () => {
      const page = await visitor();
      await page.evaluate(
        `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '${error}'))`,
      );
      await openChat(page);
      await page.getByRole('button', { name: 'Talk: start a voice call' }).click();
      const card = page.getByRole('region', { name: 'Voice call' });
      await card.getByRole('alert').getByText(says).waitFor();
      expect(await graveViolations(page)).toEqual([]);
      await page.screenshot({ path: `${artefacts}/widget-call-${error}.png` });
      await card.getByRole('button', { name: 'Dismiss' }).click();
      expect(await card.count()).toBe(0);
      await page.context().close();
    });
  }

  story('says so when the visitor does not allow the microphone', async () => {
    const page = await visitor({ permissions: [] });
    await openChat(page);
    await page.getByRole('button', { name: 'Talk: start a voice call' }).click();
    await page.getByRole('alert').getByText('The microphone is blocked.').waitFor();
    await page.context().close();
  });

  story('says that a page without https gets no microphone', async () => {
    const bold = await startBrowser('--host-resolver-rules=MAP shop.example 127.0.0.1');
    const page = await visit(bold, `http://shop.example:${stage.port}/`);
    await openChat(page);
    await page.getByRole('button', { name: 'Talk: start a voice call' }).click();
    await page.getByRole('alert').getByText('Calls do not work on this page.').waitFor();
    await bold?.close();
  });

  story('can be tried again when it could not be loaded', async () => {
    const page = await visitor();
    await page.route('**/widget-voice.js*', (route) => route.abort());
    await openChat(page);
    const talk = page.getByRole('button', { name: 'Talk: start a voice call' });
    await talk.click();
    await page.getByRole('alert').getByText('The call could not be loaded.').waitFor();
    await page.unroute('**/widget-voice.js*');
    await talk.click();
    const agent = await stage.agent();
    agent.tell({ do: 'state', state: 'listening' });
    await page.getByRole('region', { name: 'Voice call' }).getByText('Listening').waitFor();
    await page.context().close();
  });

  const looks = [
    { name: 'dark', colorScheme: 'dark', viewport: { width: 1180, height: 820 } },
    { name: 'phone-light', colorScheme: 'light', viewport: { width: 360, height: 740 } },
    { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
  ] as const;
  for (const { name, ...options } of looks) {
    story(`shuts nobody out (${name})`, async () => {
      const page = await visit(browser, 'about:blank', {
        permissions: ['microphone'],
        reducedMotion: 'reduce',
        ...options,
      });
      const live = await stage.connect(page);
      await page.goto(url());
      stage.session.conversationId = 'conv_1';
      const { card, agent } = await call(page);
      live.send(posted(1, 'agent', 'Hello! Ask me about our opening hours.'));
      live.send(posted(2, 'contact', 'When do you open?'));
      live.send(posted(3, 'agent', 'We open at nine on weekdays and at ten on Saturdays.'));
      agent.tell({ do: 'state', state: 'speaking' });
      agent.tell({ do: 'say', text: 'We open at nine on weekdays and at ten on Saturdays.', ms: 3000 });
      await card.locator('.caption', { hasText: 'Saturdays' }).waitFor();
      expect(await graveViolations(page)).toEqual([]);
      await page.screenshot({ path: `${artefacts}/widget-call-${name}.png` });
      await page.context().close();
    });
  }
});
