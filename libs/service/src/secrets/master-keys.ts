import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ConfigError } from '../config/load-config.ts';
import { decrypt, encrypt, KEY_BYTES } from './cipher.ts';

const FORMAT = 'w1';
const SHORT_LIVED = 'm1';

/** A space's key as it may be stored and sent: encrypted under a master key. `w1.<master key id>.<key id>.<sealed>` */
export type WrappedKey = string;

/** A space's key in the clear, only ever in memory. */
export interface SpaceKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * The keys that wrap the spaces' keys. The first wraps; the others only open, so that a master key can be replaced by
 * putting the new one on the first line of the file.
 */
export class MasterKeys {
  readonly #keys: readonly { readonly id: string; readonly bytes: Buffer }[];

  constructor(keys: readonly Buffer[]) {
    if (keys.length === 0 || keys.some((key) => key.length !== KEY_BYTES)) {
      throw new Error('A master key has 32 bytes, in base64 on a line of its own');
    }
    this.#keys = keys.map((bytes) => ({ id: masterKeyId(bytes), bytes }));
  }

  /**
   * Reads `MASTER_KEY_FILE`, else `MASTER_KEY`; or the variables of another name, for a key of its own.
   * @throws {ConfigError} when neither is given or the file cannot be read as keys
   */
  static fromConfig(
    service: string,
    config: Readonly<Record<string, unknown>>,
    name = 'MASTER_KEY',
  ): MasterKeys {
    const [file, text] = [config[`${name}_FILE`], config[name]];
    if (typeof file !== 'string' && typeof text !== 'string')
      throw new ConfigError(service, [
        `${name}_FILE is missing (file with 32 random bytes in base64, such as \`openssl rand -base64 32\` writes; or ${name} with the same)`,
      ]);
    try {
      const lines =
        typeof file === 'string' ? readFileSync(file, 'utf8').split(/\s+/).filter(Boolean) : [String(text)];
      return new MasterKeys(lines.map((line) => Buffer.from(line, 'base64')));
    } catch {
      throw new ConfigError(service, [`${name}_FILE must be a readable file with 32 random bytes in base64`]);
    }
  }

  /** These keys, and behind them others that only open. */
  withFallback(others: MasterKeys): MasterKeys {
    return new MasterKeys([...this.#keys, ...others.#keys].map(({ bytes }) => bytes));
  }

  /** Whether a space's key is wrapped by the first of these keys. */
  isCurrent(wrapped: WrappedKey): boolean {
    return parseWrapped(wrapped).masterKeyId === this.#current().id;
  }

  /** Draws a new key for a space; answers it wrapped. */
  createSpaceKey(spaceId: string): WrappedKey {
    return this.#wrap(spaceId, { id: randomBytes(6).toString('hex'), bytes: randomBytes(KEY_BYTES) });
  }

  /**
   * Opens a space's key.
   * @throws {Error} when it belongs to another space, or its master key is not at hand
   */
  unwrap(spaceId: string, wrapped: WrappedKey): SpaceKey {
    const { masterKeyId: wanted, keyId, sealed } = parseWrapped(wrapped);
    const master = this.#keys.find((key) => key.id === wanted);
    if (master === undefined) {
      throw new Error(
        `The key of a space is wrapped by master key ${wanted}, which MASTER_KEY_FILE does not hold: add it as a further line`,
      );
    }
    return { id: keyId, bytes: decrypt(master.bytes, sealed, keyContext(spaceId, keyId)) };
  }

  /** The same key under the current master key: what a replacement of the master key writes back. */
  rewrap(spaceId: string, wrapped: WrappedKey): WrappedKey {
    return this.#wrap(spaceId, this.unwrap(spaceId, wrapped));
  }

  /** Encrypts something short-lived that belongs to no space under the master key itself: `m1.<master key id>.<sealed>`. */
  seal(text: string, context: string): string {
    const master = this.#current();
    return [SHORT_LIVED, master.id, encrypt(master.bytes, Buffer.from(text), context)].join('.');
  }

  /**
   * Opens what `seal` made.
   * @throws {Error} when it was changed, made for another context or under a master key that is not at hand
   */
  open(sealed: string, context: string): string {
    const [format, masterId, text] = sealed.split('.');
    const master = this.#keys.find((key) => key.id === masterId);
    if (format !== SHORT_LIVED || master === undefined || text === undefined) {
      throw new Error('A sealed text is not of a known format, or its master key is gone');
    }
    return decrypt(master.bytes, text, context).toString();
  }

  #current(): { readonly id: string; readonly bytes: Buffer } {
    const [master] = this.#keys;
    if (master === undefined) throw new Error('There is no master key');
    return master;
  }

  #wrap(spaceId: string, key: SpaceKey): WrappedKey {
    const master = this.#current();
    return [FORMAT, master.id, key.id, encrypt(master.bytes, key.bytes, keyContext(spaceId, key.id))].join(
      '.',
    );
  }
}

/** The id of the key inside a wrapped key. */
export function wrappedKeyId(wrapped: WrappedKey): string {
  return parseWrapped(wrapped).keyId;
}

function parseWrapped(wrapped: WrappedKey): { masterKeyId: string; keyId: string; sealed: string } {
  const [format, master, keyId, sealed] = wrapped.split('.');
  if (format !== FORMAT || master === undefined || keyId === undefined || sealed === undefined) {
    throw new Error('A wrapped key of a space is not of a known format');
  }
  return { masterKeyId: master, keyId, sealed };
}

function masterKeyId(bytes: Buffer): string {
  return createHash('sha256').update('parley master key id').update(bytes).digest('hex').slice(0, 12);
}

function keyContext(spaceId: string, keyId: string): string {
  return JSON.stringify(['space_key', spaceId, keyId]);
}
