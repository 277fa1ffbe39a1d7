import type { CallHost, HeldCall, VoiceBundle } from './voice/port.ts';

/** Holds at most one call; what calls need is loaded with the first. */
export class Caller {
  private readonly address: string;
  private bundle: Promise<VoiceBundle> | null = null;
  private held: HeldCall | null = null;
  private tries = 0;
  private closings = 0;

  constructor(origin: string) {
    this.address = `${origin}/widget-voice.js?v=${VOICE_HASH}`;
  }

  /**
   * Places a call.
   * @returns false when it was closed before it could begin: then the microphone stays off
   * @throws Error when what it needs could not be loaded
   */
  async call(host: CallHost): Promise<boolean> {
    this.bundle ??= this.load();
    const { closings } = this;
    try {
      const { startCall } = await this.bundle;
      if (closings !== this.closings) return false;
      this.held = startCall(host);
      return true;
    } catch (error) {
      this.bundle = null;
      throw error;
    }
  }

  focus(): void {
    this.held?.focus();
  }

  close(): void {
    this.closings += 1;
    this.held?.close();
    this.held = null;
  }

  /** A browser may remember that an address failed: each try has its own. */
  private load(): Promise<VoiceBundle> {
    this.tries += 1;
    const address = this.tries === 1 ? this.address : `${this.address}&try=${this.tries}`;
    return import(address) as Promise<VoiceBundle>;
  }
}
