import { WidgetRegistry } from './widget-registry.ts';
import type { WidgetSettings } from './widget.ts';

const registry = new WidgetRegistry();

/**
 * `<parley-widget channel="chan_…" origin="https://…" language="en">`: a chat with a company, on any site.
 * The element shows the widget of its channel, which stays what it is when the page swaps its elements.
 */
export class ParleyWidget extends HTMLElement {
  static readonly observedAttributes = ['channel', 'origin', 'language', 'theme'];
  readonly root = this.attachShadow({ mode: 'open' });

  connectedCallback(): void {
    registry.add(this);
  }

  disconnectedCallback(): void {
    registry.remove(this);
  }

  attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
    if (this.isConnected && before !== now) registry.update(this);
  }

  /** Opens the chat and asks a question, for pages that offer some. */
  ask(question: string): void {
    registry.widgetOf(this)?.ask(question);
  }

  /** What its attributes say; null as long as they name no channel. */
  settings(): WidgetSettings | null {
    const channelId = this.getAttribute('channel');
    if (!channelId) return null;
    const origin = this.getAttribute('origin') ?? location.origin;
    return { channelId, origin, language: this.getAttribute('language'), theme: this.getAttribute('theme') };
  }
}
