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
  // A colour that is still fading in has too little contrast.
  await page.evaluate(SETTLE);
  const violations = (await page.evaluate('axe.run().then((result) => result.violations)')) as {
    id: string;
    impact: string | null;
    nodes: { target: unknown }[];
  }[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} at ${JSON.stringify(nodes[0]?.target)}`);
}

/** Waits until every animation that ends has ended, in the page and inside the widget. */
const SETTLE = `(() => {
  const roots = [document, document.querySelector('parley-widget')?.shadowRoot].filter(Boolean);
  const all = roots.flatMap((root) => root.getAnimations());
  const ending = all.filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
  return Promise.all(ending.map((one) => one.finished.catch(() => undefined)));
})()`;

/** Measures the agent's sound with an AnalyserNode, as soon as there is some, and keeps the loudest sample. */
const LISTEN = `(() => {
  window.loudest = 0;
  let analyser = null;
  const samples = new Float32Array(2048);
  setInterval(() => {
    const sound = document.querySelector('parley-widget').shadowRoot.querySelector('audio')?.srcObject;
    if (!sound) return;
    if (!analyser) {
      const context = new AudioContext();
      analyser = context.createAnalyser();
      context.createMediaStreamSource(sound).connect(analyser);
    }
    analyser.getFloatTimeDomainData(samples);
    window.loudest = Math.max(window.loudest, ...samples);
  }, 40);
})()`;

/** Listens to the agent of the page's call from now on. */
export async function listenToAgent(page: Page): Promise<void> {
  await page.evaluate(LISTEN);
}

/** The loudest sample of the agent, 0 to 1, since the last time this was asked. */
export async function loudestOfAgent(page: Page): Promise<number> {
  return Number(await page.evaluate('(({ loudest }) => ((window.loudest = 0), loudest))(window)'));
}
