import { Injectable } from '@nestjs/common';
import { newId } from '@parley/contracts';
import { Database } from '@parley/database';
import { SecretBox } from '@parley/service';
import { exportJWK, generateKeyPair, importJWK, type JWK, type CryptoKey as JoseKey } from 'jose';
import type { IdentityTrx, Tables } from '../database.ts';
import { SigningKeysRepository } from './signing-keys.repository.ts';

export interface SigningKey {
  id: string;
  privateKey: JoseKey | Uint8Array;
}

/** The installation's own space for secrets that belong to no tenant. */
const NO_SPACE = '_';

/** Keys that sign tokens (EdDSA): made at first use, sealed at rest, known by id. */
@Injectable()
export class SigningKeysService {
  private current: Promise<SigningKey> | null = null;
  private readonly publicKeys = new Map<string, JoseKey | Uint8Array>();

  constructor(
    private readonly database: Database<Tables>,
    private readonly keys: SigningKeysRepository,
    private readonly secrets: SecretBox,
  ) {}

  async signing(): Promise<SigningKey> {
    this.current ??= this.load().catch((error: unknown) => {
      this.current = null;
      throw error;
    });
    return this.current;
  }

  /** The public key of an id; null when there is none. */
  async verifying(id: string): Promise<JoseKey | Uint8Array | null> {
    const known = this.publicKeys.get(id);
    if (known) return known;
    const row = await this.database.withSpaces([NO_SPACE], (trx) => this.keys.find(trx, id));
    if (!row) return null;
    const key = await importJWK(row.public_key as JWK, 'EdDSA');
    this.publicKeys.set(id, key);
    return key;
  }

  private async load(): Promise<SigningKey> {
    return this.database.withSpaces([NO_SPACE], async (trx) => {
      await this.keys.lock(trx);
      const row = (await this.keys.newest(trx)) ?? (await this.make(trx));
      const opened = await this.secrets.open(trx, placeOf(row.id), row.private_key);
      return { id: row.id, privateKey: await importJWK(JSON.parse(opened.reveal()) as JWK, 'EdDSA') };
    });
  }

  private async make(trx: IdentityTrx): Promise<{ id: string; private_key: string }> {
    const id = newId('key');
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const sealed = await this.secrets.seal(trx, placeOf(id), JSON.stringify(await exportJWK(privateKey)));
    await this.keys.insert(trx, {
      id,
      public_key: JSON.stringify(await exportJWK(publicKey)),
      private_key: sealed,
    });
    return { id, private_key: sealed };
  }
}

function placeOf(id: string): { spaceId: string; table: string; row: string; column: string } {
  return { spaceId: NO_SPACE, table: 'signing_key', row: id, column: 'private_key' };
}
