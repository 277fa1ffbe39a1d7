import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listCalls, listConversations, listMessages, type Message } from '@parley/contracts';
import { concatPcm, noise, synthesize, until } from '@parley/testing';
import type { Browser } from 'playwright-core';
import {
  artefacts,
  ask,
  listenToAgent,
  loudestOfAgent,
  openChat,
  startBrowser,
  story,
  visit,
} from './browser.ts';
import { clientOf, home, readDemo } from './demo.ts';
import { inRealTime } from './real-time.ts';

inRealTime();

const RATE = 48_000;
/** The question comes when the greeting was heard. */
const LEAD_MS = 20_000;
const question = 'How do I add a channel?';

/** A quiet room: a microphone that gives nothing at all would be doubted. */
function quiet(ms: number): Int16Array {
  return noise(ms, RATE, { level: 10 });
}

/** Samples as a WAV file: mono, 16 bits. */
function wav(samples: Int16Array): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

function textOf({ parts }: Message): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

describe('A visitor who talks to the demo agent', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  let browser: Browser | null = null;

  beforeAll(async () => {
    const spoken = await synthesize(question, { sampleRate: RATE });
    const file = join(home(), 'question.wav');
    writeFileSync(file, wav(concatPcm([quiet(LEAD_MS), spoken, quiet(60_000)])));
    browser = await startBrowser(
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${file}%noloop`,
    );
  });

  afterAll(async () => {
    await browser?.close();
  });

  story(
    'is greeted, asks aloud, hears the answer with its source, and goes on in writing',
    async () => {
      const page = await visit(browser, `${demo.baseUrl}/demo`);
      const chat = await openChat(page);
      await page.getByRole('button', { name: 'Talk: start a voice call' }).click();
      await listenToAgent(page);
      const card = page.getByRole('region', { name: 'Voice call' });
      const caption = card.locator('.caption[data-side=agent]');
      await caption.filter({ hasText: 'documentation of Parley' }).waitFor({ timeout: 40_000 });
      expect(await loudestOfAgent(page)).toBeGreaterThan(0.01);
      await page.screenshot({ path: `${artefacts}/widget-voice-greeting.png` });
      await chat.locator('.line.company', { hasText: 'I have read the documentation' }).waitFor();

      const said = chat.locator('.line.visitor');
      await said.filter({ hasText: question }).waitFor({ timeout: 60_000 });
      const answer = chat.locator('.line.company:has(.sources)');
      await answer.waitFor({ timeout: 30_000 });
      await caption.filter({ hasText: /channel/i }).waitFor({ timeout: 30_000 });
      expect(await loudestOfAgent(page)).toBeGreaterThan(0.01);
      await page.screenshot({ path: `${artefacts}/widget-voice-answer.png` });
      expect(await answer.locator('.sources a').first().getAttribute('href')).toContain('add-a-channel');
      expect(await said.count()).toBe(1);

      await card.getByRole('button', { name: 'Hang up' }).click();
      await chat.locator('.line.note', { hasText: 'Voice call' }).waitFor();
      await ask(page, 'How long is an access token valid?');
      await chat.locator('.line.company', { hasText: 'ten minutes' }).waitFor({ timeout: 20_000 });
      await page.screenshot({ path: `${artefacts}/widget-voice-after.png` });

      const token = String(await page.evaluate(`localStorage.getItem('parley:${demo.webChannelId}')`));
      const visitor = clientOf({ ...demo, apiKey: token });
      const { spaceId } = demo;
      const { data } = await visitor.call(listConversations, { spaceId, limit: 10 });
      expect(data.length).toBe(1);
      const conversationId = data[0]?.id ?? '';
      const messages = await client.call(listMessages, { spaceId, conversationId, limit: 50 });
      const asked = messages.data.filter(({ author }) => author.type === 'contact').map(textOf);
      expect(asked).toEqual([question, 'How long is an access token valid?']);
      const call = await until('the call has ended', async () => {
        const calls = await client.call(listCalls, { spaceId, conversationId, limit: 10 });
        return calls.data.find(({ phase }) => phase === 'ended');
      });
      expect(call.cause).toBe('caller_left');
      await page.context().close();
    },
    240_000,
  );
});
