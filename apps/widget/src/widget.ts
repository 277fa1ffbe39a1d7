import type { ConnectionState } from '@parley/client';
import { Chat } from './chat.ts';
import { lineView } from './line-view.ts';
import { element } from './rich-text.ts';
import { SessionKeeper } from './session.ts';
import styles from './widget.css';

const CHAT_ICON =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" aria-hidden="true"><path d="M4 5h16v11H10l-5 4v-4H4z"/></svg>';
const SEND_ICON =
  '<svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 19V5M6 11l6-6 6 6"/></svg>';
const CLOSE_ICON =
  '<svg width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>';

const CONNECTION_TEXT: Record<ConnectionState, string> = {
  connecting: 'Connecting…',
  online: '',
  offline: 'No connection. Trying again…',
  closed: '',
};

/** `<parley-widget channel="chan_…" origin="https://…" language="en">`: a chat with a company, on any site. */
export class ParleyWidget extends HTMLElement {
  private readonly root = this.attachShadow({ mode: 'open' });
  private readonly list = element('ol');
  private readonly log = element('div', [this.list], {
    class: 'log',
    role: 'log',
    'aria-live': 'polite',
    'aria-label': 'Conversation',
    tabindex: '0',
  });
  private readonly status = element('div', [], { class: 'status', role: 'status' });
  private readonly input = element('textarea', [], {
    rows: '1',
    placeholder: 'Write a message…',
    'aria-label': 'Message',
    maxlength: '8000',
  });
  private readonly sendButton = element('button', [], { type: 'submit', 'aria-label': 'Send' });
  private readonly heading = element('h2', ['Chat with us']);
  private readonly panel = element('section', [], {
    class: 'panel',
    role: 'dialog',
    'aria-label': 'Chat',
    hidden: '',
  });
  private readonly launcher = element('button', [], {
    class: 'launcher',
    type: 'button',
    'aria-expanded': 'false',
    'aria-label': 'Open chat',
  });
  private chat: Chat | null = null;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private lastTyping = 0;

  connectedCallback(): void {
    if (this.chat) return;
    const origin = this.getAttribute('origin') ?? location.origin;
    const session = new SessionKeeper(
      origin,
      this.getAttribute('channel') ?? '',
      this.getAttribute('language') ?? undefined,
    );
    this.chat = new Chat(session, {
      changed: () => this.render(),
      typing: (name) => this.showTyping(name),
      connection: (state) => this.showConnection(state),
    });
    this.build();
    if (this.hasAttribute('open')) this.toggle(true);
  }

  disconnectedCallback(): void {
    this.chat?.close();
    this.chat = null;
  }

  /** Opens the chat and asks a question, for pages that offer some. */
  ask(question: string): void {
    this.toggle(true);
    this.say(question);
  }

  private build(): void {
    this.launcher.innerHTML = CHAT_ICON;
    this.sendButton.innerHTML = SEND_ICON;
    const close = element('button', [], { type: 'button', 'aria-label': 'Close chat' });
    close.innerHTML = CLOSE_ICON;
    const face = element('span', ['P'], { class: 'face', 'aria-hidden': 'true' });
    const header = element('header', [
      face,
      element('div', [this.heading, element('p', ['Usually answers at once'])]),
      close,
    ]);
    const form = element('form', [this.input, this.sendButton]);
    this.panel.append(header, this.log, this.status, form);
    this.root.replaceChildren(element('style', [styles]), this.panel, this.launcher);
    this.launcher.addEventListener('click', () => this.toggle(this.panel.hidden === true));
    close.addEventListener('click', () => this.toggle(false));
    form.addEventListener('submit', (event) => this.submit(event));
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.input.addEventListener('input', () => this.typed());
    this.panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.toggle(false);
    });
    this.sendButton.disabled = true;
  }

  private toggle(open: boolean): void {
    this.panel.hidden = !open;
    this.toggleAttribute('data-open', open);
    this.launcher.setAttribute('aria-expanded', String(open));
    this.launcher.setAttribute('aria-label', open ? 'Close chat' : 'Open chat');
    if (!open) return this.launcher.focus();
    this.input.focus();
    this.chat?.open().catch(() => {
      this.status.textContent = 'The chat cannot be reached. Please try again later.';
    });
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text === '') return;
    this.input.value = '';
    this.typed();
    this.say(text);
  }

  private say(text: string): void {
    void this.chat?.send(text);
    this.log.scrollTop = this.log.scrollHeight;
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    this.submit(event);
  }

  private typed(): void {
    this.sendButton.disabled = this.input.value.trim() === '';
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(120, this.input.scrollHeight)}px`;
    if (Date.now() - this.lastTyping < 3000 || this.input.value === '') return;
    this.lastTyping = Date.now();
    this.chat?.typing();
  }

  private showTyping(name: string): void {
    this.status.textContent = `${name} is writing…`;
    clearTimeout(this.typingTimer);
    this.typingTimer = setTimeout(() => {
      this.status.textContent = '';
    }, 4000);
  }

  private showConnection(state: ConnectionState): void {
    this.status.textContent = CONNECTION_TEXT[state];
    this.setAttribute('data-connection', state);
  }

  private render(): void {
    if (!this.chat) return;
    this.applyTheme();
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    const lines = this.chat.transcript.all();
    reconcile(this.list, lines.map(lineView));
    this.suggest(lines.length === 0 || lines.every((line) => line.side !== 'visitor'));
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  private applyTheme(): void {
    const { title, position, customTheme } = this.chat?.configuration ?? {};
    if (title) this.heading.textContent = title;
    this.dataset['position'] = position ?? 'right';
    if (customTheme?.primaryColor) this.style.setProperty('--accent', customTheme.primaryColor);
  }

  private suggest(show: boolean): void {
    this.log.querySelector('.suggestions')?.remove();
    const questions = this.chat?.configuration.suggestedQuestions ?? [];
    if (!show || questions.length === 0) return;
    const buttons = questions.map((question) => {
      const button = element('button', [question], { type: 'button' });
      button.addEventListener('click', () => this.say(question));
      return button;
    });
    this.log.append(
      element('div', buttons, { class: 'suggestions', role: 'group', 'aria-label': 'Suggested questions' }),
    );
  }
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
