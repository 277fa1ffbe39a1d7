import { Injectable } from '@nestjs/common';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { IdentityTrx, SigningKeyTable } from '../database.ts';

@Injectable()
export class SigningKeysRepository {
  /** Two processes that start together make one key. */
  async lock(trx: IdentityTrx): Promise<void> {
    await sql`SELECT pg_advisory_xact_lock(7246002)`.execute(trx);
  }

  async newest(trx: IdentityTrx): Promise<Selectable<SigningKeyTable> | undefined> {
    return trx.selectFrom('signing_key').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirst();
  }

  async find(trx: IdentityTrx, id: string): Promise<Selectable<SigningKeyTable> | undefined> {
    return trx.selectFrom('signing_key').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async insert(trx: IdentityTrx, row: Insertable<SigningKeyTable>): Promise<void> {
    await trx.insertInto('signing_key').values(row).execute();
  }
}
