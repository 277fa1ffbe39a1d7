import type { Phrasebook, widgetCallPhrases } from '@parley/text';
import { drawIcon, type Icon } from '../icons.ts';
import { element } from '../rich-text.ts';
import type { Call } from './call.ts';
import { callIcons } from './icons.ts';
import type { CallHost } from './port.ts';

type CallPhrases = Phrasebook<typeof widgetCallPhrases.en>;

/** What the visitor does in a call. */
export interface CallActions {
  hangUp(): void;
  again(): void;
  dismiss(): void;
}

const BARS = 5;
const LEVEL_MS = 50;
/** Where motion is not wanted, the level is told in few steps. */
const CALM_LEVEL_MS = 400;

/** A call as it is seen: who speaks, what is said, and what can be done. */
export class CallView {
  readonly card = element('section', [], { class: 'call' });
  private readonly bars = [...'.'.repeat(BARS)].map(() => element('i'));
  private readonly orb = element('div', this.bars, { class: 'orb', 'aria-hidden': 'true' });
  private readonly phase = element('p', [], { class: 'phase' });
  private readonly time = element('span', [], { class: 'time', 'aria-hidden': 'true' });
  private readonly speaker = element('bdi', [], { class: 'speaker' });
  private readonly words = element('bdi', [], { dir: 'auto' });
  private readonly caption = element('p', [this.speaker, this.words], { class: 'caption' });
  private readonly notice = element('p', [], { class: 'notice', role: 'status' });
  private readonly alert = element('div', [], { class: 'trouble', role: 'alert' });
  private readonly muteButton = button('tool mute', callIcons.microphone);
  private readonly select = element('select');
  private readonly devices = element('span', [this.select], { class: 'tool devices' });
  private readonly soundButton = button('tool sound');
  private readonly hangUpButton = button('hang-up', callIcons.hangUp);
  private readonly againButton = button('tool again');
  private readonly dismissButton = button('tool');
  private readonly call: Call;
  private readonly phrases: CallPhrases;
  private readonly host: Pick<CallHost, 'agentName' | 'clock'>;
  private lastLevel = 0;
  private frame = 0;

  constructor(
    call: Call,
    actions: CallActions,
    phrases: CallPhrases,
    host: Pick<CallHost, 'agentName' | 'clock'>,
  ) {
    this.call = call;
    this.phrases = phrases;
    this.host = host;
    this.build(actions);
    this.render();
    this.beat();
  }

  render(): void {
    const { call, phrases } = this;
    const failed = call.phase === 'failed';
    this.card.dataset['phase'] = call.phase;
    this.card.toggleAttribute('data-muted', call.muted);
    if (call.phase !== 'failed') setText(this.phase, phrases.phrase(call.phase));
    this.showCaption();
    setText(this.notice, this.noticeText());
    this.showTrouble(failed);
    for (const part of [this.orb, this.phase.parentElement, this.muteButton, this.hangUpButton])
      if (part) part.hidden = failed;
    this.againButton.hidden = this.dismissButton.hidden = !failed;
    this.muteButton.hidden ||= call.startedAt === null;
    this.soundButton.hidden = failed || !call.silenced;
    this.showMute();
    this.showMicrophones(failed);
    setText(
      this.hangUpButton.lastElementChild,
      call.startedAt === null ? phrases.phrase('cancel') : phrases.phrase('hangUp'),
    );
  }

  focus(): void {
    (this.call.phase === 'failed' ? this.againButton : this.hangUpButton).focus();
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.card.remove();
  }

  private build(actions: CallActions): void {
    const { call, phrases, card } = this;
    card.setAttribute('aria-label', phrases.phrase('call'));
    const head = element('div', [this.phase, this.time], { class: 'head' });
    const said = element('div', [head, this.caption], { class: 'said' });
    // One control of two halves: the microphone, and which.
    const microphone = element('span', [this.muteButton, this.devices], { class: 'pair' });
    const left = element('div', [microphone, this.soundButton], { class: 'tools' });
    const right = element('div', [this.hangUpButton, this.againButton, this.dismissButton], {
      class: 'tools',
    });
    const row = element('div', [left, right], { class: 'actions' });
    card.append(this.orb, said, this.alert, this.notice, row);
    this.devices.append(drawIcon(callIcons.choose));
    this.select.setAttribute('aria-label', phrases.phrase('microphone'));
    for (const [made, label] of [
      [this.soundButton, phrases.phrase('sound')],
      [this.againButton, phrases.phrase('again')],
      [this.dismissButton, phrases.phrase('dismiss')],
    ] as const)
      made.append(label);
    for (const made of [this.muteButton, this.hangUpButton]) made.append(element('span'));
    this.hangUpButton.addEventListener('click', () => actions.hangUp());
    this.againButton.addEventListener('click', () => actions.again());
    this.dismissButton.addEventListener('click', () => actions.dismiss());
    this.muteButton.addEventListener('click', () => void call.mute(!call.muted));
    this.soundButton.addEventListener('click', () => void call.playSound());
    this.select.addEventListener('change', () => void call.choose(this.select.value));
  }

  private showCaption(): void {
    const { caption } = this.call;
    this.caption.hidden = caption === null;
    if (!caption) return;
    setText(this.speaker, caption.side === 'visitor' ? this.phrases.phrase('you') : this.host.agentName());
    setText(this.words, caption.text);
    this.caption.dataset['side'] = caption.side;
    this.caption.scrollTop = this.caption.scrollHeight;
  }

  private noticeText(): string {
    const { call, phrases } = this;
    if (call.over || call.startedAt === null) return '';
    if (call.unheard) return phrases.phrase('unheard');
    if (call.muted) return phrases.phrase('muted');
    return call.caption === null ? phrases.phrase('speak') : '';
  }

  private showTrouble(failed: boolean): void {
    const { problem } = this.call;
    if (!failed || !problem || this.alert.childElementCount > 0) return;
    const [what, mend] = [this.phrases.phrase(problem), this.phrases.phrase(`${problem}Action`)];
    this.card.dataset['problem'] = problem;
    this.alert.append(element('p', [what], { class: 'phase' }), element('p', [mend]));
  }

  private showMute(): void {
    const { call, phrases, muteButton } = this;
    const label = call.muted ? phrases.phrase('unmute') : phrases.phrase('mute');
    if (muteButton.lastElementChild?.textContent === label) return;
    const icon = call.muted ? callIcons.muted : callIcons.microphone;
    muteButton.replaceChildren(drawIcon(icon), element('span', [label]));
  }

  private showMicrophones(failed: boolean): void {
    const { microphones, microphoneId } = this.call;
    const real = microphones.filter(({ deviceId }) => !['default', 'communications'].includes(deviceId));
    this.devices.hidden = failed || real.length < 2;
    const named = [...this.select.options].map(({ value }) => value);
    if (microphones.map(({ deviceId }) => deviceId).join() !== named.join())
      this.select.replaceChildren(
        ...microphones.map(({ deviceId, label }) => element('option', [label], { value: deviceId })),
      );
    this.select.value = microphoneId;
  }

  /** Shows the level and the time, as often as the page is drawn. */
  private beat(): void {
    this.frame = requestAnimationFrame((now) => {
      if (!this.call.over) this.beat();
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      if (now - this.lastLevel < (calm ? CALM_LEVEL_MS : LEVEL_MS)) return;
      this.lastLevel = now;
      this.orb.style.setProperty('--level', this.call.level().toFixed(2));
      const { startedAt } = this.call;
      setText(this.time, startedAt === null ? '' : this.host.clock(Date.now() - startedAt));
    });
  }
}

/** Only what is new is written: a screen reader tells each writing. */
function setText(into: Element | null, text: string): void {
  if (into && into.textContent !== text) into.textContent = text;
}

function button(name: string, icon?: Icon): HTMLButtonElement {
  return element('button', icon ? [drawIcon(icon)] : [], { class: name, type: 'button' });
}
