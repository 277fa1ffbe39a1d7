import { phrasebook, widgetCallPhrases } from '@parley/text';
import { setLogLevel } from 'livekit-client';
import { CallView } from './call-view.ts';
import styles from './call.css';
import { Call } from './call.ts';
import type { CallHost, HeldCall } from './port.ts';

setLogLevel('error');

/** Calls the agent of a chat: asks for the microphone, joins the room and shows the call. */
export function startCall(host: CallHost): HeldCall {
  host.addStyles(styles);
  return new CallOnPage(host);
}

/** One call after the other in the same place: calling again takes the place of what failed. */
class CallOnPage implements HeldCall {
  private readonly host: CallHost;
  private call: Call;
  private view: CallView;

  constructor(host: CallHost) {
    this.host = host;
    ({ call: this.call, view: this.view } = this.place());
  }

  focus(): void {
    this.view.focus();
  }

  close(): void {
    this.call.hangUp();
    this.view.close();
  }

  private place(): { call: Call; view: CallView } {
    const { host } = this;
    const call = new Call({
      access: () => host.access(),
      connected: () => host.connected(),
      changed: () => view.render(),
      sound: (sound) => view.card.append(sound),
      ended: () => this.ended(call, view),
    });
    const actions = {
      hangUp: () => call.hangUp(),
      again: () => this.again(),
      dismiss: () => this.putAway(view),
    };
    const phrases = phrasebook(widgetCallPhrases, host.language);
    const view = new CallView(call, actions, phrases, host);
    host.slot.replaceChildren(view.card);
    void call.start();
    return { call, view };
  }

  private again(): void {
    this.view.close();
    ({ call: this.call, view: this.view } = this.place());
    this.host.begun();
    this.focus();
  }

  private ended(call: Call, view: CallView): void {
    const focused = view.card.contains(this.host.focused());
    this.host.ended(call.startedAt === null ? null : Date.now() - call.startedAt);
    if (call.phase === 'ended') return this.putAway(view);
    view.render();
    if (focused) view.focus();
  }

  private putAway(view: CallView): void {
    const focused = view.card.contains(this.host.focused());
    view.close();
    this.host.dismissed(focused);
  }
}
