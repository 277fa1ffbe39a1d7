const TAG = 'parley-widget';
/** Scripts of others may be named alike: ids of channels tell them apart. */
const CHANNEL = /^chan_\w+$/;
const ATTRIBUTES = ['language', 'theme', 'open'] as const;

/**
 * Puts the widget of a script on the page, once for each channel: a second script for the same one, or the same script
 * run again behind a swap of the body, brings its language and theme up to date.
 */
export function embed(script: HTMLScriptElement): void {
  const address = new URL(script.src, document.baseURI);
  // Tag managers drop attributes that they do not know.
  const setting = (name: string): string | null =>
    script.getAttribute(`data-${name}`) ?? address.searchParams.get(name);
  const channel = setting('channel');
  if (!channel || !CHANNEL.test(channel)) return;
  const known = document.querySelector(`${TAG}[channel="${CSS.escape(channel)}"]`);
  const element = known ?? document.createElement(TAG);
  for (const name of ATTRIBUTES) {
    const value = setting(name);
    if (value !== null && (name !== 'open' || !known)) element.setAttribute(name, value);
  }
  if (known) return;
  element.setAttribute('channel', channel);
  element.setAttribute('origin', address.origin);
  whenThereIsABody(() => place(element));
}

/** The script that runs; for modules, and for loaders that hide it, all that ask for a widget. */
export function embedAll(running: HTMLOrSVGScriptElement | null): void {
  if (running instanceof HTMLScriptElement && running.src !== '') return embed(running);
  for (const script of document.querySelectorAll<HTMLScriptElement>('script[src*="/widget.js"]'))
    if (/\/widget\.js(?:[?#]|$)/.test(script.src)) embed(script);
}

/** Behind the body, which pages and routers replace; and back there when all of the page is replaced. */
function place(element: Element): void {
  const channel = element.getAttribute('channel') ?? '';
  if (document.querySelector(`${TAG}[channel="${CSS.escape(channel)}"]`)) return;
  const observer = new MutationObserver((records) => {
    if (element.isConnected) return;
    const removed = records.flatMap(({ removedNodes }) => [...removedNodes]);
    // Taken away by itself, it was meant.
    if (!removed.some((node) => node !== element)) observer.disconnect();
    else put();
  });
  const put = (): void => {
    const { documentElement } = document as { documentElement: Element | null };
    documentElement?.append(element);
    for (const watched of [document, documentElement])
      if (watched) observer.observe(watched, { childList: true });
  };
  put();
}

function whenThereIsABody(act: () => void): void {
  if (document.body) act();
  else document.addEventListener('DOMContentLoaded', act, { once: true });
}
