import type { CallHost, HeldCall, VoiceBundle } from './voice/port.ts';

/** Holds at most one call; what calls need is loaded with the first. */
export class Caller {
  private readonly address: string;
  private bundle: Promise<VoiceBundle> | null = null;
  private held: HeldCall | null = null;
  private tries = 0;

  constructor(origin: string) {
    this.address = `${origin}/widget-voice.js?v=${VOICE_HASH}`;
  }

  /**
   * Places a call.
   * @throws Error when what it needs could not be loaded
   */
  async call(host: CallHost): Promise<void> {
    this.bundle ??= this.load();
    try {
      const { startCall } = await this.bundle;
      this.held = startCall(host);
    } catch (error) {
      this.bundle = null;
      throw error;
    }
  }

  focus(): void {
    this.held?.focus();
  }

  close(): void {
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
