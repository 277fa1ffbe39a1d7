import type { Trx } from '@parley/database';

import { decrypt, encrypt } from './cipher.ts';
import { wrappedKeyId } from './master-keys.ts';
import type { MasterKeys, SpaceKey, WrappedKey } from './master-keys.ts';
import { Secret } from './secret.ts';
import type { SpaceKeyRepository } from './space-key.repository.ts';

const FORMAT = 's1';
const CACHED_KEYS = 4_096;

/** The cell a sealed value lies in. A value moved to another cell, or kept from an older version, does not open. */
export interface SecretPlace {
  readonly spaceId: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
  /** The row's version, where the value is sealed anew with each. */
  readonly version?: number | string;
}

/**
 * Encrypts values under their space's key (AES-256-GCM), which itself is wrapped by the master key. A sealed value
 * names its key: `s1.<key id>.<sealed>`. A space's key is drawn with its first secret, in the same transaction.
 */
export class SecretBox {
  readonly #masterKeys: MasterKeys;
  readonly #repository: SpaceKeyRepository;
  // By the wrapped text, so that a key drawn in a transaction that rolled back is never taken for the space's.
  readonly #opened = new Map<WrappedKey, SpaceKey>();

  constructor(masterKeys: MasterKeys, repository: SpaceKeyRepository) {
    this.#masterKeys = masterKeys;
    this.#repository = repository;
  }

  /** Seals a value for the cell it is about to be written to. */
  async seal<Schema>(trx: Trx<Schema>, place: SecretPlace, plaintext: string | Secret): Promise<string> {
    return this.sealWith(await this.spaceKey(trx, place.spaceId), place, plaintext);
  }

  /**
   * Opens a sealed value.
   * @throws {Error} when it was sealed for another cell or was changed
   */
  async open<Schema>(trx: Trx<Schema>, place: SecretPlace, sealed: string): Promise<Secret> {
    const keyId = parseSealed(sealed).keyId;
    const wrapped = await this.#repository.find(trx, place.spaceId, keyId);
    if (wrapped === undefined) throw new Error(`The key ${keyId} of a sealed value is not in space_key`);
    return this.openWith(wrapped, place, sealed);
  }

  /** The space's wrapped key, drawn when it has none: it may be sent along with sealed values, to be opened elsewhere. */
  async spaceKey<Schema>(trx: Trx<Schema>, spaceId: string): Promise<WrappedKey> {
    const current = await this.#repository.findCurrent(trx, spaceId);
    if (current !== undefined) return current;
    const wrapped = this.#masterKeys.createSpaceKey(spaceId);
    await this.#repository.insert(trx, spaceId, { id: wrappedKeyId(wrapped), wrapped });
    return wrapped;
  }

  /** Whether a space's key is wrapped by the master key that wraps new ones. */
  isCurrent(wrapped: WrappedKey): boolean {
    return this.#masterKeys.isCurrent(wrapped);
  }

  /** Wraps a space's keys by the current master key; what they sealed stays as it is. */
  async rewrap<Schema>(trx: Trx<Schema>, spaceId: string): Promise<void> {
    for (const { id, wrapped } of await this.#repository.list(trx, spaceId)) {
      if (this.#masterKeys.isCurrent(wrapped)) continue;
      await this.#repository.update(trx, spaceId, {
        id,
        wrapped: this.#masterKeys.rewrap(spaceId, wrapped),
      });
    }
  }

  /** Seals with a wrapped key that is at hand; needs no PostgreSQL. */
  sealWith(wrapped: WrappedKey, place: SecretPlace, plaintext: string | Secret): string {
    const key = this.#unwrap(place.spaceId, wrapped);
    const value = typeof plaintext === 'string' ? plaintext : plaintext.reveal();
    return [FORMAT, key.id, encrypt(key.bytes, Buffer.from(value), placeContext(place))].join('.');
  }

  /** Opens with a wrapped key that came along with the value; needs no PostgreSQL. */
  openWith(wrapped: WrappedKey, place: SecretPlace, sealed: string): Secret {
    const key = this.#unwrap(place.spaceId, wrapped);
    const parsed = parseSealed(sealed);
    if (parsed.keyId !== key.id)
      throw new Error(`A value sealed with key ${parsed.keyId} came with key ${key.id}`);
    return new Secret(decrypt(key.bytes, parsed.text, placeContext(place)).toString());
  }

  #unwrap(spaceId: string, wrapped: WrappedKey): SpaceKey {
    const known = this.#opened.get(`${spaceId} ${wrapped}`);
    if (known !== undefined) return known;
    const key = this.#masterKeys.unwrap(spaceId, wrapped);
    if (this.#opened.size >= CACHED_KEYS) this.#opened.clear();
    this.#opened.set(`${spaceId} ${wrapped}`, key);
    return key;
  }
}

function parseSealed(sealed: string): { keyId: string; text: string } {
  const [format, keyId, text] = sealed.split('.');
  if (format !== FORMAT || keyId === undefined || text === undefined) {
    throw new Error('A sealed value is not of a known format');
  }
  return { keyId, text };
}

function placeContext(place: SecretPlace): string {
  return JSON.stringify([place.spaceId, place.table, place.row, place.column, String(place.version ?? '')]);
}
