import type { Samples } from './pcm.ts';

/** What the agent of a call does. */
export type CallState = 'listening' | 'thinking' | 'speaking';

/** The caller's end of a call: a socket of a page, or a carrier's media stream. */
export interface CallAudio {
  /** Hz of what the caller sends, and of what it is sent. */
  readonly inputRate: number;
  readonly outputRate: number;
  /** Whether its sound comes as time passes, silence among it: then silence is left out where it has come to be late. */
  readonly isLive: boolean;
  /** The next sound of the caller, waited for; null once nothing comes any more. */
  hear(): Promise<Samples | null>;
  /** Sound for the caller; never waits. */
  play(samples: Samples): void;
  /** The agent was cut, or fell silent in the middle: what was not played yet is forgotten. */
  clear(): void;
  /** The agent presses a key. */
  dtmf(digit: string): void;
  state(state: CallState): void;
  /** The call ended from the other side. */
  end(reason: string): void;
}

/** The room's end of a call. */
export interface CallRoom {
  /** The caller presses a key. */
  dtmf(digit: string): Promise<void>;
  /** The caller cuts the agent's speech by a button. */
  interrupt(): Promise<void>;
  leave(): Promise<void>;
}

/** Where rooms are joined. */
export abstract class CallRooms {
  /** Whether there are any. */
  abstract readonly isOn: boolean;

  /** Joins a room as the caller and carries sound between it and the caller's end until one of them ends. */
  abstract join(participantToken: string, audio: CallAudio): Promise<CallRoom>;
}
