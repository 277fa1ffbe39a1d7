import type { Language } from '@parley/text';

/** Where and with what a call is joined. */
export interface CallAccess {
  serverUrl: string;
  participantToken: string;
}

/** What a call needs of the chat that it is held in. */
export interface CallHost {
  /** Adds a style sheet to the chat's, once. */
  addStyles(css: string): void;
  /** What of the chat has the focus. */
  focused(): Element | null;
  /** Where the call is shown. */
  slot: HTMLElement;
  language: Language;
  /** A duration as minutes and seconds. */
  clock(ms: number): string;
  /** Who is called. */
  agentName(): string;
  /** A token of its own for this call; null where voice is off. */
  access(): Promise<CallAccess | null>;
  /** A call is placed again. */
  begun(): void;
  /** The agent is there: its conversation can be found. */
  connected(): void;
  /** The call is over, after so many milliseconds; null: it never began. */
  ended(ms: number | null): void;
  /** What was shown of it is put away; `focused`: it had the focus, which has to go somewhere. */
  dismissed(focused: boolean): void;
}

/** A call that is held. */
export interface HeldCall {
  /** Ends it and takes it off the page. */
  close(): void;
  /** Puts the focus on its first control. */
  focus(): void;
}

/** What the voice bundle exports. */
export interface VoiceBundle {
  startCall(host: CallHost): HeldCall;
}
