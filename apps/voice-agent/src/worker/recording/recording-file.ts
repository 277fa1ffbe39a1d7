import { setTimeout as sleep } from 'node:timers/promises';
import {
  beginStorage,
  MAX_PARTS,
  type OperationDefinition,
  type OperationOutput,
  type OperationRequest,
  signParts,
} from '@parley/contracts';
import { wavHead } from './stereo-tape.ts';

/** Asks an operation of another service for the call's space. */
export type Ask = <Definition extends OperationDefinition>(
  definition: Definition,
  input: OperationRequest<Definition>,
  deadlineMs: number,
) => Promise<OperationOutput<Definition>>;

/** What a recording belongs to. */
export interface RecordedCall {
  spaceId: string;
  callId: string;
  generation: number;
  conversationId: string;
}

/** What was sent in the end. */
export interface SentFile {
  parts: number;
  incomplete: boolean;
}

const FOLDER = ['Recordings'];
const BEGIN_MS = 1500;
const SIGN_MS = 4000;
const PUT_MS = 8000;
const SIGNED_AHEAD = 60;
const EXPIRES_SOON_MS = 60_000;
const AGAIN_MS = 500;
/** Storage that fails for so long is away. */
const GIVE_UP_MS = 30_000;

/**
 * A recording's file as it grows: each piece of sound is a part, and the first part is the head, mended before each, so
 * that all that was sent is heard whenever it ends.
 */
export class RecordingFile {
  readonly assetId: string;
  private readonly ask: Ask;
  private readonly spaceId: string;
  private readonly failed: (reason: string) => void;
  private readonly addresses = new Map<number, { url: string; until: number }>();
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private sending: Promise<void> | null = null;
  private sound = 0;
  private parts = 0;
  private lost = false;

  /** Milliseconds after which storage that fails is given up. */
  private readonly giveUpMs: number;

  private constructor(
    ask: Ask,
    of: { spaceId: string; assetId: string; giveUpMs: number },
    failed: (reason: string) => void,
  ) {
    this.ask = ask;
    this.giveUpMs = of.giveUpMs;
    this.spaceId = of.spaceId;
    this.assetId = of.assetId;
    this.failed = failed;
  }

  /** @throws ProblemError where files cannot be stored at the moment */
  static async begin(
    ask: Ask,
    { spaceId, callId, generation, conversationId }: RecordedCall,
    failed: (reason: string) => void,
    giveUpMs = GIVE_UP_MS,
  ): Promise<RecordingFile> {
    const { asset } = await ask(
      beginStorage,
      {
        spaceId,
        fileName: `${callId}-${generation}.wav`,
        contentType: 'audio/wav',
        folderPath: FOLDER,
        conversationId,
        metadata: { callId, generation },
      },
      BEGIN_MS,
    );
    return new RecordingFile(ask, { spaceId, assetId: asset.id, giveUpMs }, failed);
  }

  /** Sends a piece of sound, behind those before it. */
  append(sound: Uint8Array<ArrayBuffer>): void {
    if (this.lost || sound.length === 0) return;
    this.waiting.push(sound);
    void this.sendOn();
  }

  /** Resolves when everything was sent, or given up. */
  async finish(): Promise<SentFile> {
    while (this.sending || this.waiting.length > 0) await this.sendOn();
    return { parts: this.parts, incomplete: this.lost };
  }

  private sendOn(): Promise<void> {
    this.sending ??= this.send().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  private async send(): Promise<void> {
    while (this.waiting.length > 0 && !this.lost) {
      const piece = new Uint8Array(await new Blob(this.waiting.splice(0)).arrayBuffer());
      const number = Math.max(2, this.parts + 1);
      const sent =
        number <= MAX_PARTS &&
        (await this.put(1, wavHead(this.sound + piece.length))) &&
        (await this.put(number, piece));
      if (!sent) return this.giveUp();
      this.sound += piece.length;
      this.parts = number;
    }
  }

  private giveUp(): void {
    this.lost = true;
    this.waiting = [];
  }

  /** Sends one part until it is stored; false when the storage stays away. */
  private async put(number: number, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const until = Date.now() + this.giveUpMs;
    for (;;) {
      const reason = await this.tryPut(number, body);
      if (reason === null) return true;
      if (Date.now() >= until) {
        this.failed(reason);
        return false;
      }
      await sleep(AGAIN_MS);
    }
  }

  /** Why a part is not stored: never with its address, which lets anybody in. */
  private async tryPut(number: number, body: Uint8Array<ArrayBuffer>): Promise<string | null> {
    try {
      const url = await this.addressOf(number);
      const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(PUT_MS) });
      await response.body?.cancel();
      if (response.ok) return null;
      this.addresses.delete(number);
      return `status ${response.status}`;
    } catch (error) {
      return error instanceof Error ? error.name : 'unknown';
    }
  }

  private async addressOf(number: number): Promise<string> {
    const known = this.addresses.get(number);
    if (known && known.until > Date.now() + EXPIRES_SOON_MS) return known.url;
    const { parts, expiresAt } = await this.ask(
      signParts,
      {
        spaceId: this.spaceId,
        assetId: this.assetId,
        first: number,
        count: number === 1 ? 1 : SIGNED_AHEAD,
      },
      SIGN_MS,
    );
    if (number > 1) for (const old of this.addresses.keys()) if (old > 1) this.addresses.delete(old);
    const until = Date.parse(expiresAt);
    for (const part of parts) this.addresses.set(part.number, { url: part.url, until });
    const { url } = this.addresses.get(number) ?? {};
    if (url === undefined) throw new Error('No address was given.');
    return url;
  }
}
