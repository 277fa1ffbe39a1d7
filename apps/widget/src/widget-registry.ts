import { Widget, type WidgetSettings } from './widget.ts';

/** An element of the page that can show a widget. */
export interface WidgetElement extends Element {
  readonly root: ShadowRoot;
  settings(): WidgetSettings | null;
}

/** A page that swaps its content takes an element away and brings it, or another, back within this time. */
const SWAP_MS = 2000;

/** A widget, and the elements that could show it. The first shows it, the others stay empty. */
interface Place {
  widget: Widget;
  elements: Set<WidgetElement>;
  shownIn: WidgetElement | null;
  /** It has been on the page before: `open` opens it the first time alone. */
  isKnown: boolean;
  pausing: ReturnType<typeof setTimeout> | undefined;
}

/** The widgets of a page: one for each channel, whatever is included twice. */
export class WidgetRegistry {
  private readonly places = new Map<string, Place>();
  private readonly placeOf = new Map<WidgetElement, Place>();

  constructor() {
    // The browser keeps no page with an open connection for the way back; one that was kept has lost it.
    addEventListener('pagehide', () => this.each(({ widget }) => widget.pause()));
    const resume = (): void => this.each(({ widget, shownIn }) => shownIn && widget.resume());
    addEventListener('pageshow', ({ persisted }) => persisted && resume());
    addEventListener('online', resume);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && resume());
  }

  add(element: WidgetElement): void {
    const settings = element.settings();
    if (!settings || this.placeOf.has(element)) return;
    const place = this.find(settings);
    place.elements.add(element);
    this.placeOf.set(element, place);
    if (!place.shownIn) this.show(place, element, settings);
  }

  remove(element: WidgetElement): void {
    const place = this.placeOf.get(element);
    if (!place) return;
    this.placeOf.delete(element);
    place.elements.delete(element);
    if (place.shownIn !== element) return;
    place.shownIn = null;
    const [next] = place.elements;
    const settings = next?.settings();
    if (next && settings) this.show(place, next, settings);
    else place.pausing = setTimeout(() => place.widget.pause(), SWAP_MS);
    this.arrange();
  }

  /** The attributes of an element have changed. */
  update(element: WidgetElement): void {
    const settings = element.settings();
    const place = this.placeOf.get(element);
    if (!settings || !place || place !== this.find(settings)) {
      if (place?.shownIn === element) place.widget.detach();
      this.remove(element);
      this.add(element);
    } else if (place.shownIn === element) place.widget.apply(settings);
  }

  widgetOf(element: WidgetElement): Widget | null {
    return this.placeOf.get(element)?.widget ?? null;
  }

  private find(settings: WidgetSettings): Place {
    const key = `${settings.origin} ${settings.channelId}`;
    const known = this.places.get(key);
    if (known) return known;
    const listener = {
      opened: (widget: Widget) => this.closeOthers(widget),
      sideChanged: () => this.arrange(),
    };
    const widget = new Widget(settings, listener);
    const place: Place = { widget, elements: new Set(), shownIn: null, isKnown: false, pausing: undefined };
    this.places.set(key, place);
    return place;
  }

  private show(place: Place, element: WidgetElement, settings: WidgetSettings): void {
    clearTimeout(place.pausing);
    place.shownIn = element;
    place.widget.attach(element.root, settings);
    if (!place.isKnown && element.hasAttribute('open')) place.widget.show(true);
    place.isKnown = true;
    this.arrange();
  }

  /** Launchers at the same side stand beside each other. */
  private arrange(): void {
    const taken = { left: 0, right: 0 };
    this.each(({ widget, shownIn }) => {
      if (!shownIn) return;
      widget.setPlace(taken[widget.side]);
      taken[widget.side] += 1;
    });
  }

  /** Two open chats would cover each other. */
  private closeOthers(opened: Widget): void {
    this.each(({ widget }) => widget !== opened && widget.isOpen && widget.show(false));
  }

  private each(act: (place: Place) => unknown): void {
    for (const place of this.places.values()) act(place);
  }
}
