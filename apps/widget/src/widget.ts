import { Caller } from './caller.ts';
import { Chat } from './chat.ts';
import { readableOn } from './colour.ts';
import { icons } from './icons.ts';
import { lineView } from './line-view.ts';
import { element } from './rich-text.ts';
import { SessionKeeper } from './session.ts';
import { type Texts, textsOf } from './texts.ts';
import type { Line } from './transcript.ts';
import type { CallHost } from './voice/port.ts';
import styles from './widget.css';

type Connection = Parameters<ConstructorParameters<typeof Chat>[0]['view']['connection']>[0];

const NARROW = '(max-width: 480px)';

/** `<parley-widget channel="chan_…" origin="https://…" language="en">`: a chat with a company, on any site. */
export class ParleyWidget extends HTMLElement {
  private readonly root = this.attachShadow({ mode: 'open' });
  private readonly list = element('ol');
  private readonly welcome = element('p', [], { class: 'welcome' });
  private readonly suggestions = element('div', [], { class: 'suggestions', role: 'group', hidden: '' });
  private readonly writing = element('p', [], { class: 'writing', hidden: '' });
  private readonly log = element('div', [this.welcome, this.list, this.writing], {
    class: 'log',
    role: 'log',
    'aria-live': 'polite',
    tabindex: '0',
  });
  private readonly status = element('p', [], { class: 'status', role: 'status' });
  private readonly input = element('textarea', [], { rows: '1', maxlength: '8000', enterkeyhint: 'send' });
  private readonly sendButton = button('send', icons.send, { type: 'submit' });
  private readonly closeButton = button('close', icons.close);
  private readonly callButton = button('talk', icons.phone, { hidden: '' });
  private readonly callSlot = element('div');
  private readonly callNotice = element('p', [], { class: 'call-notice', role: 'alert' });
  private readonly heading = element('h2', [], { id: 'title' });
  private readonly face = element('span', [], { class: 'face', 'aria-hidden': 'true' });
  private readonly panel = element('section', [], {
    class: 'panel',
    role: 'dialog',
    'aria-labelledby': 'title',
    hidden: '',
  });
  private readonly launcher = button('launcher', `${icons.chat}${icons.down}`, { 'aria-expanded': 'false' });
  private chat: Chat | null = null;
  private caller: Caller | null = null;
  private calling = false;
  private texts: Texts = textsOf([]).texts;
  private lastTyping = 0;
  private seen = 0;

  connectedCallback(): void {
    if (this.chat) return;
    const wanted = this.getAttribute('language');
    const spoken = textsOf([wanted, document.documentElement.lang, ...navigator.languages]);
    this.texts = spoken.texts;
    this.panel.lang = spoken.lang;
    const channelId = this.getAttribute('channel') ?? '';
    const origin = this.getAttribute('origin') ?? location.origin;
    this.chat = new Chat({
      session: new SessionKeeper(origin, channelId, wanted ?? undefined),
      channelId,
      texts: this.texts,
      view: { changed: () => this.render(), connection: (state) => this.showConnection(state) },
    });
    this.caller = new Caller(origin);
    this.build();
    this.label();
    this.applyConfiguration();
    if (this.hasAttribute('open')) this.show(true);
    this.chat.resend();
  }

  disconnectedCallback(): void {
    this.caller?.close();
    this.caller = null;
    this.chat?.close();
    this.chat = null;
  }

  /** Opens the chat and asks a question, for pages that offer some. */
  ask(question: string): void {
    this.toggle(true);
    this.say(question);
  }

  private build(): void {
    if (this.root.childElementCount > 0) return;
    const header = element('header', [
      this.face,
      element('div', [this.heading, this.status]),
      this.callButton,
      this.closeButton,
    ]);
    const form = element('form', [element('div', [this.input, this.sendButton], { class: 'field' })]);
    this.panel.append(header, this.callSlot, this.callNotice, this.log, this.suggestions, form);
    this.root.replaceChildren(element('style', [styles]), this.panel, this.launcher);
    this.launcher.addEventListener('click', () => this.toggle(this.panel.hidden === true));
    this.closeButton.addEventListener('click', () => this.toggle(false));
    this.callButton.addEventListener('click', () => void this.call());
    form.addEventListener('submit', (event) => this.submit(event));
    this.input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) this.submit(event);
    });
    this.input.addEventListener('input', () => this.typed());
    this.panel.addEventListener('keydown', (event) => this.key(event));
    this.sendButton.disabled = true;
  }

  private label(): void {
    const { texts } = this;
    this.launcher.setAttribute('aria-label', texts.open);
    this.closeButton.setAttribute('aria-label', texts.close);
    this.callButton.setAttribute('aria-label', texts.startCall);
    this.callButton.append(texts.talk);
    this.sendButton.setAttribute('aria-label', texts.send);
    this.input.setAttribute('aria-label', texts.message);
    this.input.placeholder = texts.placeholder;
    this.log.setAttribute('aria-label', texts.conversation);
    this.suggestions.setAttribute('aria-label', texts.suggestions);
  }

  private toggle(open: boolean): void {
    this.show(open);
    if (!open) return this.launcher.focus();
    // On a touch screen the keyboard would cover the greeting: it comes with the first touch of the field.
    if (matchMedia('(pointer: coarse)').matches) this.closeButton.focus();
    else this.input.focus();
  }

  private show(open: boolean): void {
    this.panel.hidden = !open;
    this.toggleAttribute('data-open', open);
    this.panel.setAttribute('aria-modal', String(open && matchMedia(NARROW).matches));
    this.launcher.setAttribute('aria-expanded', String(open));
    this.labelLauncher();
    if (!open) return;
    this.render();
    this.log.scrollTop = this.log.scrollHeight;
    this.chat?.open().catch(() => undefined);
  }

  private labelLauncher(): void {
    const { texts } = this;
    const open = this.calling ? texts.openInCall : texts.open;
    this.launcher.setAttribute('aria-label', this.panel.hidden ? open : texts.close);
  }

  /** What a call is told of this chat, and what becomes of the chat while it lasts. */
  private async call(): Promise<void> {
    const { chat, caller } = this;
    if (!chat || !caller || this.calling) return;
    const host: CallHost = {
      root: this.root,
      slot: this.callSlot,
      lang: this.panel.lang,
      agentName: () => this.heading.textContent,
      access: () => chat.callAccess(),
      begun: () => this.showCall(true),
      connected: () => void chat.seekConversation(),
      ended: (ms) => this.endCall(ms),
      dismissed: (focused) => focused && this.callButton.focus(),
    };
    this.callNotice.textContent = '';
    this.callSlot.replaceChildren(element('p', [this.texts.connecting], { class: 'call-loading' }));
    this.showCall(true);
    try {
      await caller.call(host);
      caller.focus();
    } catch {
      this.callSlot.replaceChildren();
      this.showCall(false);
      this.callNotice.textContent = this.texts.callNotLoaded;
      this.callButton.focus();
    }
  }

  private showCall(calling: boolean): void {
    this.calling = calling;
    this.toggleAttribute('data-call', calling);
    // What the agent says aloud is not read aloud as well.
    this.log.setAttribute('aria-live', calling ? 'off' : 'polite');
    this.labelLauncher();
    this.render();
  }

  private endCall(ms: number | null): void {
    if (ms !== null) this.chat?.callEnded(ms);
    this.showCall(false);
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text === '') return;
    this.input.value = '';
    this.typed();
    this.say(text);
    this.input.focus();
  }

  private say(text: string): void {
    this.chat?.send(text);
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** Escape closes; where the chat fills the screen, Tab stays inside. */
  private key(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      event.stopPropagation();
      return this.toggle(false);
    }
    if (event.key !== 'Tab' || !matchMedia(NARROW).matches) return;
    const stops = [
      ...this.panel.querySelectorAll<HTMLElement>('button:enabled, a, textarea, [tabindex="0"]'),
    ];
    const reachable = stops.filter((stop) => stop.offsetParent !== null);
    const [from, to] = event.shiftKey ? [reachable[0], reachable.at(-1)] : [reachable.at(-1), reachable[0]];
    if (this.root.activeElement !== from) return;
    event.preventDefault();
    to?.focus();
  }

  private typed(): void {
    this.sendButton.disabled = this.input.value.trim() === '';
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(132, this.input.scrollHeight)}px`;
    if (Date.now() - this.lastTyping < 3000 || this.input.value === '') return;
    this.lastTyping = Date.now();
    this.chat?.typing();
  }

  private showConnection(state: Connection): void {
    const { online, connecting, offline, refused } = this.texts;
    const text = { online, connecting, offline, refused, closed: '' }[state];
    if (this.status.textContent !== text) this.status.textContent = text;
    this.setAttribute('data-connection', state);
  }

  private render(): void {
    if (!this.chat) return;
    this.applyConfiguration();
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    const lines = this.chat.transcript.all();
    reconcile(
      this.list,
      lines.map((line, index) => this.view(line, lines[index - 1])),
    );
    this.showWriting(this.chat.writing());
    this.callButton.hidden = !this.chat.voice;
    this.callButton.disabled = this.calling;
    const begun = lines.length > 0;
    this.welcome.hidden = begun;
    this.suggest(!lines.some(({ side }) => side === 'visitor'));
    const heard = lines.filter(({ side, state }) => side === 'company' && state === 'done').length;
    if (!this.panel.hidden) this.seen = heard;
    this.launcher.toggleAttribute('data-unread', heard > this.seen);
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  private view(line: Line, before: Line | undefined): HTMLLIElement {
    const first = before?.side !== line.side || before.author !== line.author;
    const again = (lineId: string): void => this.chat?.again(lineId);
    return lineView(line, { texts: this.texts, first, again });
  }

  private showWriting(name: string | null): void {
    if ((name === null) === this.writing.hidden) return;
    this.writing.hidden = name === null;
    if (name === null) return this.writing.replaceChildren();
    const dots = element('span', [element('i'), element('i'), element('i')], {
      class: 'dots',
      'aria-hidden': 'true',
    });
    const who = name || this.heading.textContent;
    this.writing.replaceChildren(
      dots,
      element('span', [`${who} ${this.texts.writing}`], { class: 'hidden' }),
    );
  }

  private applyConfiguration(): void {
    const { title, greeting, position, customTheme } = this.chat?.configuration ?? {};
    const heading = title ?? this.texts.title;
    if (this.heading.textContent !== heading) this.heading.textContent = heading;
    this.face.textContent = [...heading.trim()].at(0)?.toUpperCase() ?? '';
    this.welcome.textContent = greeting ?? this.texts.welcome;
    this.dataset['position'] = position ?? 'right';
    const colour = customTheme?.primaryColor;
    if (!colour) return;
    this.style.setProperty('--accent', colour);
    this.style.setProperty('--accent-text', readableOn(colour));
  }

  private suggest(show: boolean): void {
    const questions = show ? (this.chat?.configuration.suggestedQuestions ?? []) : [];
    this.suggestions.hidden = questions.length === 0;
    if (this.suggestions.childElementCount === questions.length) return;
    this.suggestions.replaceChildren(
      ...questions.map((question) => {
        const made = element('button', [question], { type: 'button' });
        made.addEventListener('click', () => {
          this.say(question);
          this.input.focus();
        });
        return made;
      }),
    );
  }
}

function button(name: string, icon: string, attributes: Record<string, string> = {}): HTMLButtonElement {
  const made = element('button', [], { class: name, type: 'button', ...attributes });
  made.innerHTML = icon;
  return made;
}

/** Keeps lines that did not change, so that a screen reader hears only what is new. */
function reconcile(list: HTMLOListElement, wanted: HTMLLIElement[]): void {
  const known = new Map([...list.children].map((child) => [child.getAttribute('data-id'), child]));
  const kept = wanted.map((item) => {
    const old = known.get(item.getAttribute('data-id'));
    return old?.isEqualNode(item) ? old : item;
  });
  for (const child of [...list.children]) if (!kept.includes(child)) child.remove();
  kept.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}
