import { setUpChannel } from '@parley/contracts';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { artefacts, graveViolations, startBrowser, story, visit } from './browser.ts';
import { clientOf, readDemo } from './demo.ts';
import { HostSite } from './widget-pages.ts';

const QUESTION = 'How long is an access token valid?';
const DRAFT = 'A draft that is not sent yet';

describe('The widget on pages of other people', () => {
  const demo = readDemo();
  // Sockets of an installation without a public address are at this one.
  const gateway = demo.baseUrl.replace('localhost', '127.0.0.1');
  const site = new HostSite(gateway);
  const channels: string[] = [];
  let browser: Browser | null = null;

  beforeAll(async () => {
    await site.open();
    browser = await startBrowser('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream');
    const { spaceId, agentId } = demo;
    for (const title of ['Sales', 'Support']) {
      const { channel } = await clientOf(demo).call(setUpChannel, {
        spaceId,
        target: { agentId },
        channel: {
          deploymentType: 'WEB',
          channelIdentifier: `${site.origin}/${title}`,
          configuration: { widgetConfiguration: { title } },
        },
      });
      channels.push(channel.id);
    }
  });

  afterAll(async () => {
    await browser?.close();
    site.close();
  });

  const [sales, support] = [0, 1].map((no) => (): string => channels[no] ?? '') as [
    () => string,
    () => string,
  ];
  const widget = (page: Page, channelId = sales()): Locator =>
    page.locator(`parley-widget[channel="${channelId}"]`);
  const field = (page: Page): Locator => widget(page).getByRole('textbox');
  /** Evaluates an expression in the shadow tree of the first widget. */
  const inWidget = (page: Page, expression: string): Promise<unknown> =>
    page.evaluate(`((root) => ${expression})(document.querySelector('parley-widget').shadowRoot)`);
  const direction = (page: Page, part: string): Promise<unknown> =>
    inWidget(page, `getComputedStyle([...root.querySelectorAll('${part}')].at(-1)).direction`);
  const focused = (page: Page): Promise<unknown> =>
    page.evaluate('document.activeElement.shadowRoot?.activeElement?.localName');
  const violations = async (page: Page): Promise<unknown> => page.evaluate('window.violations');

  async function open(
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; sockets: string[] }> {
    const page = await visit(browser, 'about:blank', options);
    const sockets: string[] = [];
    page.on('websocket', (socket) => sockets.push(new URL(socket.url()).pathname));
    await page.goto(url);
    return { page, sockets };
  }

  async function openChat(page: Page): Promise<Locator> {
    await widget(page).locator('.launcher').click();
    await widget(page).locator('.frame[data-connection=online]').waitFor();
    return widget(page);
  }

  async function answered(page: Page): Promise<void> {
    await field(page).fill(QUESTION);
    await field(page).press('Enter');
    await widget(page).locator('.line.company .sources').waitFor({ timeout: 20_000 });
  }

  async function called(page: Page): Promise<void> {
    await widget(page).locator('.talk').click();
    await widget(page)
      .locator(':is([data-phase=listening], [data-phase=speaking], [data-phase=thinking])')
      .waitFor({ timeout: 20_000 });
  }

  /** Where the widget connects to, and nothing else. */
  const policy = (scripts: string): Record<string, string> => {
    const hosts = [gateway, demo.livekitUrl].map((url) => new URL(url).host);
    return {
      'script-src': scripts,
      'style-src': HostSite.nonce,
      'connect-src': hosts.flatMap((host) => [`http://${host}`, `ws://${host}`]).join(' '),
    };
  };

  it.each(['/demo', '/account'])('%s of the gateway needs no exception of its policy', async (path) => {
    const { headers } = await fetch(`${demo.baseUrl}${path}`);
    const value = headers.get('content-security-policy') ?? '';
    expect(value).not.toContain('unsafe');
    expect(value).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
  });

  story(
    'a plain page: one launcher for each channel, however often and wherever it is included',
    async () => {
      const script = site.script(sales());
      const url = site.add('/plain', {
        head: `${script}${site.script(sales(), 'async')}`,
        body: `<main><h1>A shop</h1></main>${script}${site.script(sales(), 'type="module"')}${site.script(support())}
        <script src="${gateway}/widget.js?channel=${sales()}" defer></script>
        <script>addEventListener('load', () => {
          const late = document.createElement('script');
          late.src = '${gateway}/widget.js';
          late.dataset.channel = '${sales()}';
          late.onload = () => (window.late = true);
          document.body.append(late, Object.assign(document.createElement('parley-widget'), {}));
        });</script><parley-widget channel="${sales()}" origin="${gateway}"></parley-widget>`,
      });
      const { page } = await open(url);
      await page.waitForFunction('window.late');
      const launchers = page.locator('.launcher');
      expect(await launchers.count()).toBe(2);
      const boxes = await launchers.evaluateAll((all) =>
        all.map((one) =>
          (one as unknown as { getBoundingClientRect(): DOMRectLike }).getBoundingClientRect(),
        ),
      );
      const [left, right] = boxes.toSorted((a, b) => a.x - b.x);
      expect((left?.x ?? 0) + (left?.width ?? 0)).toBeLessThanOrEqual(right?.x ?? 0);

      await widget(page, support()).locator('.launcher').click();
      await widget(page, support()).locator('.frame[data-connection=online]').waitFor();
      await page.screenshot({ path: `${artefacts}/widget-host-two-channels.png` });
      await page.locator('.frame:not([data-open]) .launcher').click();
      await page.locator('.frame[data-open]').getByText('Sales').waitFor();
      expect(await page.locator('.panel:visible').count()).toBe(1);
      const chat = page.locator('.frame[data-open]');
      await chat.locator('textarea').fill(QUESTION);
      await chat.locator('textarea').press('Enter');
      await chat.locator('.line.company .sources').waitFor({ timeout: 20_000 });
      expect(await page.locator('.line.visitor').count()).toBe(1);
      const kept = await page.evaluate(
        `${JSON.stringify(channels)}.map((id) => localStorage.getItem('parley:' + id))`,
      );
      expect(new Set(kept as string[]).size).toBe(2);
      expect(kept).not.toContain(null);
      await page.context().close();
    },
  );

  interface DOMRectLike {
    x: number;
    y: number;
    width: number;
    height: number;
  }

  const strict: { name: string; path: string; scripts: string; trusted: Record<string, string> }[] = [
    { name: 'a strict content security policy', path: '/csp', scripts: HostSite.nonce, trusted: {} },
    {
      name: 'Trusted Types',
      path: '/trusted',
      scripts: `${HostSite.nonce} 'strict-dynamic'`,
      trusted: { 'require-trusted-types-for': "'script'", 'trusted-types': "'none'" },
    },
  ];
  for (const { name, path, scripts, trusted } of strict)
    story(`${name}: chat and call break no rule`, async () => {
      const url = site.add(path, {
        body: `<main><h1>A shop</h1></main>${site.script(sales())}`,
        policy: { ...policy(scripts), ...trusted },
      });
      const { page } = await open(url);
      await openChat(page);
      await answered(page);
      await called(page);
      await page.screenshot({ path: `${artefacts}/widget-host${path.replace('/', '-')}.png` });
      expect(await violations(page)).toEqual([]);
      await widget(page).locator('.hang-up').click();
      await page.context().close();
    });

  const routers = [
    { name: 'Turbo', script: '/turbo.js', attributes: '', hasCall: true },
    { name: 'htmx', script: '/htmx.js', attributes: 'hx-boost="true"', hasCall: false },
  ];
  for (const { name, script, attributes, hasCall } of routers)
    story(
      `${name}: a new body leaves the chat open, with its draft, its connection and its call`,
      async () => {
        const add = (path: string, more: string): string =>
          site.add(`/${name}/${path}`, {
            head: `<script src="${script}"></script>`,
            body: `<main ${attributes}><h1>Page ${path}</h1><a href="/${name}/two">Next</a></main>${site.script(sales(), more)}`,
          });
        add('two', 'data-language="de"');
        const { page, sockets } = await open(add('one', 'data-language="en"'));
        await openChat(page);
        if (hasCall) await called(page);
        await field(page).fill(DRAFT);
        const before = sockets.length;
        await page.evaluate('document.querySelector("main a").click()');
        await page.getByRole('heading', { name: 'Page two' }).waitFor();
        // The script ran again: it brought the language of the new page, and no second launcher.
        await widget(page).getByRole('textbox', { name: 'Nachricht' }).waitFor();
        expect(await field(page).inputValue()).toBe(DRAFT);
        expect(await focused(page)).toBe('textarea');
        expect(await page.locator('.launcher').count()).toBe(1);
        expect(await widget(page).locator('.call .hang-up').count()).toBe(hasCall ? 1 : 0);
        await page.screenshot({ path: `${artefacts}/widget-host-${name.toLowerCase()}.png` });
        if (hasCall) await widget(page).locator('.hang-up').click();
        await answered(page);
        expect(sockets.slice(before).filter((path) => path === '/ws/realtime')).toEqual([]);
        await page.context().close();
      },
    );

  story('a page that renders itself anew: the element may move, go and come back', async () => {
    const url = site.add('/router', {
      body: `<div id="app"><parley-widget channel="${sales()}" origin="${gateway}"></parley-widget></div>
        <script src="${gateway}/widget.js"></script>`,
    });
    const { page, sockets } = await open(url);
    await openChat(page);
    await field(page).fill(DRAFT);
    const before = sockets.length;
    const swaps = [
      'document.body.append(document.querySelector("parley-widget"))',
      'document.body.replaceWith(document.body.cloneNode(true))',
      'document.body.innerHTML = document.body.innerHTML',
      `{ const gone = document.querySelector("parley-widget"); gone.remove(); setTimeout(() => document.body.append(gone), 500) }`,
      'document.documentElement.innerHTML = document.documentElement.innerHTML',
      'document.replaceChild(document.documentElement.cloneNode(true), document.documentElement)',
    ];
    for (const swap of swaps) {
      await page.evaluate(swap);
      await field(page).waitFor();
      expect([swap, await field(page).inputValue()]).toEqual([swap, DRAFT]);
      expect(await page.locator('.launcher').count()).toBe(1);
      expect(await focused(page)).toBe('textarea');
    }
    expect(sockets.slice(before)).toEqual([]);
    // Gone for longer than a swap takes, the connection is closed; back on the page it stands at once.
    await page.evaluate('{ window.gone = document.querySelector("parley-widget"); window.gone.remove() }');
    await page.waitForTimeout(2500);
    await page.evaluate('document.body.append(window.gone)');
    await widget(page).locator('.frame[data-connection=online]').waitFor({ timeout: 3000 });
    expect(sockets.slice(before)).toHaveLength(1);
    // So it does where the browser kept the page for the way back.
    await page.evaluate('dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))');
    await widget(page).locator('.frame[data-connection=offline]').waitFor();
    await page.evaluate('dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))');
    await widget(page).locator('.frame[data-connection=online]').waitFor({ timeout: 3000 });
    expect(sockets.slice(before)).toHaveLength(2);
    expect(await field(page).inputValue()).toBe(DRAFT);
    // An element that is given another channel shows that one alone.
    const give = (channelId: string): Promise<unknown> =>
      page.evaluate(`document.querySelector('parley-widget').setAttribute('channel', '${channelId}')`);
    await give(support());
    expect(await page.locator('textarea').inputValue()).toBe('');
    await give(sales());
    expect(await page.locator('textarea').inputValue()).toBe(DRAFT);
    expect(await page.locator('.launcher').count()).toBe(1);
    await page.context().close();
  });

  story('a right-to-left page: mirrored, each text in its own direction', async () => {
    const url = site.add('/rtl', {
      html: '<!doctype html><html lang="ar" dir="rtl">',
      body: `<main><h1>متجر</h1></main>${site.script(sales())}`,
    });
    const { page } = await open(url, { viewport: { width: 700, height: 640 } });
    const chat = await openChat(page);
    expect(await chat.locator('.frame').getAttribute('dir')).toBe('rtl');
    await page.screenshot({ path: `${artefacts}/widget-host-rtl-empty.png` });
    const middle = async (part: string): Promise<number> => {
      const box = await chat.locator(part).first().boundingBox();
      return (box?.x ?? 0) + (box?.width ?? 0) / 2;
    };
    expect(await middle('.close')).toBeLessThan(await middle('.face'));
    expect(await middle('.send')).toBeLessThan(await middle('textarea'));
    expect(await middle('.panel')).toBeGreaterThan(350);
    await field(page).fill('Is 3 > 2?');
    expect(await direction(page, 'textarea')).toBe('ltr');
    await field(page).fill('هل تعمل أيام الأحد؟');
    expect(await direction(page, 'textarea')).toBe('rtl');
    await field(page).press('Enter');
    await chat.locator('.line.visitor.done').waitFor();
    await answered(page);
    expect([await direction(page, '.line.visitor .bubble'), await direction(page, '.sources a')]).toEqual([
      'ltr',
      'ltr',
    ]);
    expect(
      await inWidget(page, "getComputedStyle(root.querySelector('.line.visitor .bubble')).direction"),
    ).toBe('rtl');
    expect(await middle('.line.visitor .bubble')).toBeLessThan(await middle('.line.company .bubble'));
    expect(await graveViolations(page)).toEqual([]);
    await page.screenshot({ path: `${artefacts}/widget-host-rtl.png` });
    await page.setViewportSize({ width: 320, height: 568 });
    await page.screenshot({ path: `${artefacts}/widget-host-rtl-320.png` });
    // A language without texts of its own is mirrored as well.
    await page.evaluate('document.querySelector("parley-widget").setAttribute("language", "he")');
    expect(await chat.locator('.frame').getAttribute('dir')).toBe('rtl');
    await page.context().close();
  });

  story('a hostile page: foreign styles, changed built-ins, no storage, an input method', async () => {
    const url = site.add('/hostile', {
      html: '<html>',
      head: `<base href="https://elsewhere.example/"><style>
          * { all: unset !important } button, textarea, section, div { display: none !important; font-size: 3px !important }
          :root { --accent: red; --paper: transparent; zoom: 1; letter-spacing: 9px; visibility: hidden; direction: rtl }
          #over { position: fixed !important; inset: 0 !important; z-index: 2147483000 !important; display: block !important }
        </style><script>
          Array.prototype.each = Array.prototype.toJSON = function () { return String(this.length) };
          Object.prototype.extra = 1;
          for (const name of ['localStorage', 'sessionStorage'])
            Object.defineProperty(window, name, { get() { throw new DOMException('', 'SecurityError') } });
          delete crypto.constructor.prototype.randomUUID;
        </script>`,
      body: `<div id="over"></div>${site.script(sales())}`,
    });
    const { page } = await open(url, { viewport: { width: 900, height: 500 } });
    const chat = await openChat(page);
    await page.screenshot({ path: `${artefacts}/widget-host-hostile.png` });
    const input = field(page);
    const press = (events: object[]): Promise<unknown> =>
      inWidget(
        page,
        `${JSON.stringify(events)}.forEach(({ type, ...rest }) => root.querySelector('textarea').dispatchEvent(
          new (type.startsWith('key') ? KeyboardEvent : CompositionEvent)(type, { bubbles: true, cancelable: true, ...rest })))`,
      );
    const enter = { key: 'Enter', code: 'Enter' };
    const orders = [
      // Chrome and Firefox
      [
        { type: 'keydown', ...enter, keyCode: 229, isComposing: true },
        { type: 'compositionend' },
        { type: 'keyup', ...enter, keyCode: 13 },
      ],
      // Safari
      [
        { type: 'compositionend' },
        { type: 'keydown', ...enter, keyCode: 229 },
        { type: 'keyup', ...enter, keyCode: 13 },
      ],
      [{ type: 'compositionend' }, { type: 'keydown', ...enter }, { type: 'keyup', ...enter }],
    ];
    for (const order of orders) {
      await input.fill('こんにちは');
      await press([{ type: 'compositionstart' }, ...order]);
      expect([await input.inputValue(), await chat.locator('.line.visitor').count()]).toEqual([
        'こんにちは',
        0,
      ]);
    }
    await press([{ type: 'keydown', key: 'Escape', keyCode: 229 }]);
    expect(await input.isVisible()).toBe(true);
    await input.fill(QUESTION);
    await press([{ type: 'keydown', ...enter, keyCode: 13 }]);
    await chat.locator('.line.company .sources').waitFor({ timeout: 20_000 });
    await page.context().close();
  });
});
