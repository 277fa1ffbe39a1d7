import { phrasebook, widgetPhrases } from '@parley/text';
import { Caller } from './caller.ts';
import { Chat, type WidgetPhrases } from './chat.ts';
import { inkOf, readableOn } from './colour.ts';
import { Composer } from './composer.ts';
import { takenByInputMethod } from './composition.ts';
import { drawIcon, type Icon, icons } from './icons.ts';
import { lineView } from './line-view.ts';
import { clock, type Locale, localeOf } from './locale.ts';
import { element } from './rich-text.ts';
import { SessionKeeper } from './session.ts';
import { Mount } from './mount.ts';
import type { Line } from './transcript.ts';
import type { CallHost } from './voice/port.ts';
import styles from './widget.css';

type Connection = Parameters<ConstructorParameters<typeof Chat>[0]['view']['connection']>[0];

/** What an element of the page says about its widget. */
export interface WidgetSettings {
  channelId: string;
  origin: string;
  language: string | null;
  theme: string | null;
}

/** What the page's other widgets are told. */
export interface WidgetListener {
  opened(widget: Widget): void;
  sideChanged(): void;
}

/** Where the chat fills the screen. */
const NARROW = '(max-width: 480px), (max-height: 420px)';

/** A chat with its launcher. It outlives the elements that show it, so that a page may swap them. */
export class Widget {
  private readonly list = element('ol');
  private readonly welcome = element('p', [], { class: 'welcome', dir: 'auto' });
  private readonly suggestions = element('div', [], { class: 'suggestions', role: 'group', hidden: '' });
  private readonly writing = element('p', [], { class: 'writing', hidden: '' });
  private readonly log = element('div', [this.welcome, this.list, this.writing], {
    class: 'log',
    role: 'log',
    'aria-live': 'polite',
    tabindex: '0',
  });
  private readonly status = element('p', [], { class: 'status', role: 'status' });
  private readonly closeButton = button('close', [icons.close]);
  private readonly callLabel = element('span');
  private readonly callButton = button('talk', [icons.phone], { hidden: '' });
  private readonly callSlot = element('div');
  private readonly callNotice = element('p', [], { class: 'call-notice', role: 'alert' });
  /** A name in another script reads in its own direction, and stands where the widget's language begins. */
  private readonly heading = element('bdi', [], { dir: 'auto' });
  private readonly face = element('span', [], { class: 'face', 'aria-hidden': 'true' });
  private readonly panel = element('section', [], {
    class: 'panel',
    role: 'dialog',
    'aria-labelledby': 'title',
    hidden: '',
  });
  private readonly launcher = button('launcher', [icons.chat, icons.down], { 'aria-expanded': 'false' });
  private readonly frame = element('div', [this.panel, this.launcher], { class: 'frame' });
  private readonly composer: Composer;
  private readonly mount: Mount;
  private readonly chat: Chat;
  private readonly caller: Caller;
  private readonly session: SessionKeeper;
  private readonly listener: WidgetListener;
  private locale: Locale = localeOf(null, '', []);
  private phrases: WidgetPhrases = phrasebook(widgetPhrases);
  private connection: Connection = 'closed';
  private calling = false;
  private seen = 0;

  constructor({ origin, channelId }: WidgetSettings, listener: WidgetListener) {
    this.listener = listener;
    this.session = new SessionKeeper(origin, channelId);
    this.caller = new Caller(origin);
    const { phrases, session } = this;
    const view = {
      changed: () => this.render(),
      connection: (state: Connection) => this.showConnection(state),
    };
    this.chat = new Chat({ session, channelId, phrases, view });
    this.composer = new Composer({
      send: (text) => this.say(text),
      typing: () => this.chat.typing(),
    });
    this.mount = new Mount(this.frame, this.log, styles);
    this.build();
    this.showConnection('closed');
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  /** The side of the page at which it stands, as its channel is configured. */
  get side(): 'left' | 'right' {
    return this.chat.configuration.position ?? 'right';
  }

  /** Shows it in an element's shadow tree from now on: with its draft, its focus and its running call. */
  attach(root: ShadowRoot, settings: WidgetSettings): void {
    const isFirst = !this.mount.isPlaced;
    this.apply(settings);
    this.mount.place(root);
    if (isFirst) this.chat.resend();
    this.resume();
  }

  /** Its element shows another channel from now on. */
  detach(): void {
    this.mount.leave();
  }

  /** Language and theme, as the page states them now. */
  apply({ language, theme }: WidgetSettings): void {
    this.locale = localeOf(language, document.documentElement.lang, navigator.languages);
    this.phrases = phrasebook(widgetPhrases, this.locale.language);
    this.chat.phrases = this.phrases;
    this.session.language = this.locale.stated;
    this.frame.dir = this.locale.direction;
    this.frame.lang = this.locale.language;
    this.frame.dataset['theme'] = theme ?? '';
    this.label();
    this.applyConfiguration();
    this.render();
  }

  /** Stands so many places from the corner, beside the launchers of other channels. */
  setPlace(index: number): void {
    this.frame.style.setProperty('--place', String(index));
  }

  resume(): void {
    this.chat.resume();
    if (this.isOpen) this.chat.open().catch(() => undefined);
  }

  /** Nothing shows it any more, or the page is put away: a call ends, the connection is closed. */
  pause(): void {
    this.caller.close();
    this.chat.pause();
  }

  /** Opens the chat and asks a question, for pages that offer some. */
  ask(question: string): void {
    this.toggle(true);
    this.say(question);
  }

  show(open: boolean): void {
    this.panel.hidden = !open;
    this.frame.toggleAttribute('data-open', open);
    this.panel.setAttribute('aria-modal', String(open && matchMedia(NARROW).matches));
    this.launcher.setAttribute('aria-expanded', String(open));
    this.labelLauncher();
    if (!open) return;
    this.listener.opened(this);
    this.render();
    this.mount.showEnd();
    this.composer.fit();
    this.chat.open().catch(() => undefined);
  }

  private build(): void {
    const header = element('header', [
      this.face,
      element('div', [element('h2', [this.heading], { id: 'title' }), this.status]),
      this.callButton,
      this.closeButton,
    ]);
    this.callButton.append(this.callLabel);
    const { panel, composer } = this;
    panel.append(header, this.callSlot, this.callNotice, this.log, this.suggestions, composer.form);
    this.launcher.addEventListener('click', () => this.toggle(!this.isOpen));
    this.closeButton.addEventListener('click', () => this.toggle(false));
    this.callButton.addEventListener('click', () => void this.call());
    // Shortcuts of the page do not act on what is written here.
    for (const type of ['keydown', 'keypress', 'keyup'])
      panel.addEventListener(type, (event) => event.stopPropagation());
    panel.addEventListener('keydown', (event) => this.key(event));
  }

  private label(): void {
    const { phrases } = this;
    this.labelLauncher();
    this.closeButton.setAttribute('aria-label', phrases.phrase('close'));
    this.callButton.setAttribute('aria-label', phrases.phrase('startCall'));
    this.callLabel.textContent = phrases.phrase('talk');
    this.composer.label({
      message: phrases.phrase('message'),
      placeholder: phrases.phrase('placeholder'),
      send: phrases.phrase('send'),
    });
    this.log.setAttribute('aria-label', phrases.phrase('conversation'));
    this.suggestions.setAttribute('aria-label', phrases.phrase('suggestions'));
    this.showConnection(this.connection);
  }

  private toggle(open: boolean): void {
    this.show(open);
    if (!open) return this.launcher.focus();
    // On a touch screen the keyboard would cover the greeting: it comes with the first touch of the field.
    if (matchMedia('(pointer: coarse)').matches) this.closeButton.focus();
    else this.composer.focus();
  }

  private labelLauncher(): void {
    const open = this.calling ? 'openInCall' : 'open';
    this.launcher.setAttribute('aria-label', this.phrases.phrase(this.isOpen ? 'close' : open));
  }

  /** What a call is told of this chat, and what becomes of the chat while it lasts. */
  private async call(): Promise<void> {
    const { chat, caller } = this;
    if (this.calling) return;
    const host: CallHost = {
      addStyles: (css) => this.mount.addStyles(css),
      focused: () => this.mount.focused(),
      slot: this.callSlot,
      language: this.locale.language,
      clock: (ms) => clock(ms, this.locale.numbers),
      agentName: () => this.heading.textContent,
      access: () => chat.callAccess(),
      begun: () => this.showCall(true),
      connected: () => void chat.seekConversation(),
      ended: (ms) => this.endCall(ms),
      dismissed: (focused) => focused && this.callButton.focus(),
    };
    this.callNotice.textContent = '';
    const loading = element('p', [this.phrases.phrase('connecting')], { class: 'call-loading' });
    this.callSlot.replaceChildren(loading);
    this.showCall(true);
    try {
      if (await caller.call(host)) return caller.focus();
      this.callSlot.replaceChildren();
      this.showCall(false);
    } catch {
      this.callSlot.replaceChildren();
      this.showCall(false);
      this.callNotice.textContent = this.phrases.phrase('callNotLoaded');
      this.callButton.focus();
    }
  }

  private showCall(calling: boolean): void {
    this.calling = calling;
    this.frame.toggleAttribute('data-call', calling);
    // What the agent says aloud is not read aloud as well.
    this.log.setAttribute('aria-live', calling ? 'off' : 'polite');
    this.labelLauncher();
    this.render();
  }

  private endCall(ms: number | null): void {
    if (ms !== null) this.chat.callEnded(clock(ms + 500, this.locale.numbers));
    this.showCall(false);
  }

  private say(text: string): void {
    this.chat.send(text);
    this.mount.showEnd();
  }

  /** Escape closes; where the chat fills the screen, Tab stays inside. */
  private key(event: KeyboardEvent): void {
    if (takenByInputMethod(event)) return;
    if (event.key === 'Escape') return this.toggle(false);
    if (event.key !== 'Tab' || !matchMedia(NARROW).matches) return;
    const stops = [
      ...this.panel.querySelectorAll<HTMLElement>('button:enabled, a, textarea, select, [tabindex="0"]'),
    ];
    const reachable = stops.filter((stop) => stop.offsetParent !== null);
    const [from, to] = event.shiftKey ? [reachable[0], reachable.at(-1)] : [reachable.at(-1), reachable[0]];
    if (this.mount.focused() !== from) return;
    event.preventDefault();
    to?.focus();
  }

  private showConnection(state: Connection): void {
    this.connection = state;
    const text = state === 'closed' ? '' : this.phrases.phrase(state);
    if (this.status.textContent !== text) this.status.textContent = text;
    this.frame.dataset['connection'] = state;
  }

  private render(): void {
    this.applyConfiguration();
    const lines = this.chat.transcript.all();
    reconcile(
      this.list,
      lines.map((line, index) => this.view(line, lines[index - 1])),
    );
    this.showWriting(this.chat.writing());
    this.callButton.hidden = !this.chat.voice;
    this.callButton.disabled = this.calling;
    this.welcome.hidden = lines.length > 0;
    this.suggest(!lines.some(({ side }) => side === 'visitor'));
    const heard = lines.filter(({ side, state }) => side === 'company' && state === 'done').length;
    if (this.isOpen) this.seen = heard;
    this.launcher.toggleAttribute('data-unread', heard > this.seen);
    this.mount.follow();
  }

  private view(line: Line, before: Line | undefined): HTMLLIElement {
    const first = before?.side !== line.side || before.author !== line.author;
    const again = (lineId: string): void => this.chat.again(lineId);
    return lineView(line, { phrases: this.phrases, first, again });
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
    const sentence = this.phrases.phrase('writing', { name: who });
    this.writing.replaceChildren(dots, element('span', [sentence], { class: 'hidden' }));
  }

  private applyConfiguration(): void {
    const { title, greeting, customTheme } = this.chat.configuration;
    const heading = title ?? this.phrases.phrase('title');
    if (this.heading.textContent !== heading) this.heading.textContent = heading;
    this.face.textContent = [...heading.trim()].at(0)?.toUpperCase() ?? '';
    this.welcome.textContent = greeting ?? this.phrases.phrase('welcome');
    const colour = customTheme?.primaryColor;
    const { style, dataset } = this.frame;
    style.setProperty('--accent', colour ?? '');
    style.setProperty('--accent-text', colour ? readableOn(colour) : '');
    const ink = colour ? `light-dark(${inkOf(colour, 'light')}, ${inkOf(colour, 'dark')})` : '';
    style.setProperty('--accent-ink', ink);
    if (dataset['position'] === this.side) return;
    dataset['position'] = this.side;
    this.listener.sideChanged();
  }

  private suggest(show: boolean): void {
    const questions = show ? (this.chat.configuration.suggestedQuestions ?? []) : [];
    this.suggestions.hidden = questions.length === 0;
    const shown = [...this.suggestions.children].map(({ textContent }) => textContent);
    if (shown.join('\n') === questions.join('\n')) return;
    this.suggestions.replaceChildren(
      ...questions.map((question) => {
        const made = element('button', [question], { type: 'button', dir: 'auto' });
        made.addEventListener('click', () => {
          this.say(question);
          this.composer.focus();
        });
        return made;
      }),
    );
  }
}

function button(
  name: string,
  drawings: readonly Icon[],
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  return element('button', drawings.map(drawIcon), { class: name, type: 'button', ...attributes });
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
