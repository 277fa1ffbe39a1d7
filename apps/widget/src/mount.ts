/** So near to its end the log goes on with new lines. */
const NEAR_END_PX = 80;

/** Keeps what of a widget depends on its place in the page: styles, focus, scroll position and sound. */
export class Mount {
  private readonly sheets: CSSStyleSheet[] = [];
  private readonly known = new Set<string>();
  private root: ShadowRoot | null = null;
  /** What has the focus; kept when the page takes the widget away together with it. */
  private kept: HTMLElement | null = null;
  private scrollTop = 0;
  private isAtEnd = true;

  /**
   * @param frame the outermost element of the widget
   * @param log the part of it that scrolls
   */
  constructor(
    private readonly frame: HTMLElement,
    private readonly log: HTMLElement,
    styles: string,
  ) {
    this.addStyles(styles);
    frame.addEventListener('focusin', ({ target }) => {
      this.kept = target as HTMLElement;
    });
    frame.addEventListener('focusout', () => queueMicrotask(() => this.forgetFocus()));
    log.addEventListener('scroll', () => this.keepScroll());
    // A keyboard on the screen, or a call, leaves less room: the newest line stays in sight.
    new ResizeObserver(() => this.follow()).observe(log);
  }

  get isPlaced(): boolean {
    return this.root !== null;
  }

  /** Shows the widget in a shadow tree, as it was in the one before. */
  place(root: ShadowRoot): void {
    const { kept, frame, log } = this;
    const isHeld = kept !== null && frame.contains(kept);
    const { scrollTop, isAtEnd } = this;
    this.root = root;
    root.adoptedStyleSheets = [...this.sheets];
    if (frame.parentNode !== root) root.append(frame);
    log.scrollTop = isAtEnd ? log.scrollHeight : scrollTop;
    if (isHeld && this.focused() !== kept && !isElsewhere(root)) kept.focus({ preventScroll: true });
    // A browser stops the sound of what is taken out of the page.
    for (const sound of frame.querySelectorAll('audio'))
      if (sound.paused) void sound.play().catch(() => undefined);
  }

  /** Shows the widget nowhere. */
  leave(): void {
    this.frame.remove();
  }

  /** Adds a style sheet once. A constructed sheet needs no permission of the page's content security policy. */
  addStyles(css: string): void {
    if (this.known.has(css)) return;
    this.known.add(css);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.sheets.push(sheet);
    if (this.root) this.root.adoptedStyleSheets = [...this.sheets];
  }

  /** Goes on to the newest line, unless the visitor reads further up. */
  follow(): void {
    if (this.isAtEnd) this.showEnd();
  }

  /** What of the widget has the focus. */
  focused(): Element | null {
    return this.root?.activeElement ?? null;
  }

  showEnd(): void {
    this.isAtEnd = true;
    this.log.scrollTop = this.log.scrollHeight;
  }

  private keepScroll(): void {
    const { log } = this;
    if (!this.frame.isConnected || log.clientHeight === 0) return;
    this.scrollTop = log.scrollTop;
    this.isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
  }

  private forgetFocus(): void {
    if (this.frame.isConnected && this.focused() === null) this.kept = null;
  }
}

/** Whether the visitor has gone on to another part of the page. */
function isElsewhere({ ownerDocument, host }: ShadowRoot): boolean {
  const { activeElement, body, documentElement } = ownerDocument;
  return activeElement !== null && ![body, documentElement, host].includes(activeElement as HTMLElement);
}
