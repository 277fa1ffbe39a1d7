import { Composition } from './composition.ts';
import { drawIcon, icons } from './icons.ts';
import { element } from './rich-text.ts';

const TYPING_MS = 3000;
const TALLEST_PX = 132;

/** The field in which a message is written, with its button. */
export class Composer {
  readonly input = element('textarea', [], {
    rows: '1',
    maxlength: '8000',
    enterkeyhint: 'send',
    dir: 'auto',
  });
  readonly form: HTMLFormElement;
  private readonly button = element('button', [drawIcon(icons.send)], { class: 'send', type: 'submit' });
  private readonly composition = new Composition();
  private lastTyping = 0;

  constructor(private readonly listener: { send(text: string): void; typing(): void }) {
    const { input, composition } = this;
    this.form = element('form', [element('div', [input, this.button], { class: 'field' })]);
    this.form.addEventListener('submit', (event) => this.submit(event));
    input.addEventListener('keydown', (event) => this.keyDown(event));
    input.addEventListener('keyup', () => composition.keyUp());
    input.addEventListener('compositionstart', () => composition.start());
    input.addEventListener('compositionend', (event) => composition.end(event));
    input.addEventListener('input', () => this.typed());
    this.button.disabled = true;
  }

  label(texts: { message: string; placeholder: string; send: string }): void {
    this.input.setAttribute('aria-label', texts.message);
    this.input.placeholder = texts.placeholder;
    this.button.setAttribute('aria-label', texts.send);
  }

  focus(): void {
    this.input.focus();
  }

  /** Fits the height to the text; a field that is not shown has none. */
  fit(): void {
    const { input } = this;
    input.style.height = 'auto';
    if (input.scrollHeight > 0) input.style.height = `${Math.min(TALLEST_PX, input.scrollHeight)}px`;
  }

  private keyDown(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey) {
      // Any other key shows that the composition is over, and keys of the input method are noted.
      this.composition.takes(event, true);
      return;
    }
    if (!this.composition.takes(event, matchMedia('(pointer: coarse)').matches)) this.submit(event);
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text === '') return;
    this.input.value = '';
    this.typed();
    this.listener.send(text);
    this.input.focus();
  }

  private typed(): void {
    this.button.disabled = this.input.value.trim() === '';
    this.fit();
    if (Date.now() - this.lastTyping < TYPING_MS || this.input.value === '') return;
    this.lastTyping = Date.now();
    this.listener.typing();
  }
}
