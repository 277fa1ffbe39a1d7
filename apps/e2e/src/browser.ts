import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where screenshots are kept. */
export const artefacts = fileURLToPath(new URL('../../../artefacts', import.meta.url));

/** A story that needs Chromium; left out, visibly, where there is none. */
export const story = existsSync(executablePath) ? it : it.skip;

/** Starts Chromium, with more arguments where a story needs them; null where there is none. */
export async function startBrowser(...more: string[]): Promise<Browser | null> {
  mkdirSync(artefacts, { recursive: true });
  return existsSync(executablePath) ? chromium.launch({ executablePath, args: [...args, ...more] }) : null;
}

/** A visitor: a page with a storage of its own. */
export async function visit(
  browser: Browser | null,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  if (!browser) throw new Error('There is no browser.');
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, ...options });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** The chat of a page, opened. */
export async function openChat(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Open chat' }).click();
  return page.locator('parley-widget');
}

/** Types a question into the open chat and sends it. */
export async function ask(page: Page, question: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(question);
  await page.keyboard.press('Enter');
}

/** Names of serious and critical violations that axe-core finds on the page, shadow trees included. */
export async function graveViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = (await page.evaluate('axe.run().then((result) => result.violations)')) as {
    id: string;
    impact: string | null;
    nodes: { target: unknown }[];
  }[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${JSON.stringify(nodes[0]?.target)}`);
}

const LEVEL = `(() => {
  const sound = document.querySelector('parley-widget').shadowRoot.querySelector('audio')?.srcObject;
  if (!sound) return 0;
  if (!window.heard) {
    const context = new AudioContext();
    window.heard = context.createAnalyser();
    context.createMediaStreamSource(sound).connect(window.heard);
  }
  const samples = new Float32Array(window.heard.fftSize);
  window.heard.getFloatTimeDomainData(samples);
  return Math.max(...samples);
})()`;

/** How loud the agent of a call is heard on the page, as an AnalyserNode measures it: the loudest of up to eight seconds. */
export async function agentLevel(page: Page): Promise<number> {
  let loudest = 0;
  for (let tries = 0; tries < 80 && loudest < 0.01; tries += 1) {
    loudest = Math.max(loudest, Number(await page.evaluate(LEVEL)));
    await page.waitForTimeout(100);
  }
  return loudest;
}
