import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import { Database } from '@parley/database';
import { InjectConfig, SecretBox } from '@parley/service';
import { exportJWK, generateKeyPair, importJWK, type JWK, type CryptoKey as JoseKey } from 'jose';
import type { IdentityConfig } from '../config.ts';
import type { IdentityTrx, Tables } from '../database.ts';
import { type SigningKeyRow, SigningKeysRepository } from './signing-keys.repository.ts';

type Key = JoseKey | Uint8Array;

export interface SigningKey {
  id: string;
  privateKey: Key;
}

interface KeySet {
  signing: SigningKey;
  verifying: ReadonlyMap<string, { key: Key; expiresAt: Date | null }>;
  readAt: number;
}

/** The installation's own space for secrets that belong to no tenant. */
const NO_SPACE = '_';
/** So long a process may go by what it read: a withdrawn key is believed no longer. */
const FRESH_MS = 2_000;
/** Keys of ids that nobody knows are asked for no more often. */
const AGAIN_MS = 250;
const DAY_MS = 86_400_000;

/** Keys that sign tokens (EdDSA): sealed at rest, known by id, replaced when one is old or was retired by hand. */
@Injectable()
export class SigningKeysService {
  private known: KeySet | null = null;
  private reading: Promise<KeySet> | null = null;

  constructor(
    private readonly database: Database<Tables>,
    private readonly keys: SigningKeysRepository,
    private readonly secrets: SecretBox,
    @InjectConfig() private readonly config: IdentityConfig,
  ) {}

  /** Reads the keys where what is known has aged. It takes a connection: never inside a transaction. */
  async prepare(): Promise<void> {
    await this.readUnlessYounger(FRESH_MS);
  }

  /** The key to sign with, as `prepare` found it. */
  signing(): SigningKey {
    if (!this.known) throw new Error('The signing keys were not read before: call prepare().');
    return this.known.signing;
  }

  /** The public key of an id; null when there is none that is believed. Takes a connection at times. */
  async verifying(id: string): Promise<Key | null> {
    let { verifying } = await this.readUnlessYounger(FRESH_MS);
    // Another process may have made it a moment ago.
    if (!verifying.has(id)) ({ verifying } = await this.readUnlessYounger(AGAIN_MS));
    const found = verifying.get(id);
    if (!found || (found.expiresAt && found.expiresAt <= new Date())) return null;
    return found.key;
  }

  private readUnlessYounger(milliseconds: number): Promise<KeySet> {
    if (this.known && Date.now() - this.known.readAt < milliseconds) return Promise.resolve(this.known);
    this.reading ??= this.read().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async read(): Promise<KeySet> {
    const readAt = Date.now();
    const { rows, privateKey } = await this.database.withSpaces([NO_SPACE], async (trx) => {
      const found = await this.current(trx);
      const [first] = found;
      if (!first) throw new Error('There is no key to sign with although one was just made.');
      const known = this.known?.signing;
      return {
        rows: found,
        privateKey: known?.id === first.id ? known.privateKey : await this.open(trx, first),
      };
    });
    const entries = rows.map(async (row) => {
      const key = await importJWK(row.public_key as JWK, 'EdDSA');
      return [row.id, { key, expiresAt: row.expires_at }] as const;
    });
    const verifying = new Map(await Promise.all(entries));
    this.known = { signing: { id: rows[0]?.id ?? '', privateKey }, verifying, readAt };
    return this.known;
  }

  /** The valid keys, the one that signs first; made or replaced where it is time. */
  private async current(trx: IdentityTrx): Promise<SigningKeyRow[]> {
    const rows = await this.keys.valid(trx);
    if (!this.isDue(rows)) return rows;
    await this.keys.lock(trx);
    if (this.isDue(await this.keys.valid(trx))) await this.replace(trx);
    return this.keys.valid(trx);
  }

  private isDue([newest]: SigningKeyRow[]): boolean {
    if (!newest || newest.retired_at) return true;
    return Date.now() - newest.created_at.getTime() > this.config.SIGNING_KEY_DAYS * DAY_MS;
  }

  private async replace(trx: IdentityTrx): Promise<void> {
    await this.keys.retire(trx);
    await this.keys.deleteExpired(trx);
    const id = newId('key');
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const sealed = await this.secrets.seal(trx, placeOf(id), JSON.stringify(await exportJWK(privateKey)));
    const publicText = JSON.stringify(await exportJWK(publicKey));
    await this.keys.insert(trx, { id, public_key: publicText, private_key: sealed });
  }

  private async open(trx: IdentityTrx, row: SigningKeyRow): Promise<Key> {
    const opened = await this.secrets.open(trx, placeOf(row.id), row.private_key);
    return importJWK(JSON.parse(opened.reveal()) as JWK, 'EdDSA');
  }
}

function placeOf(id: string): { spaceId: string; table: string; row: string; column: string } {
  return { spaceId: NO_SPACE, table: 'signing_key', row: id, column: 'private_key' };
}
