import { Injectable } from '@nestjs/common';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { ApiKeyRow, ApiKeyTable, IdentityTrx, ServiceAccountTable } from '../database.ts';

@Injectable()
export class KeysRepository {
  async insert(trx: IdentityTrx, row: Insertable<ApiKeyTable>): Promise<ApiKeyRow> {
    return trx.insertInto('api_key').values(row).returningAll().executeTakeFirstOrThrow();
  }

  /** The space of a key: asked before any space is known. */
  async spaceOf(trx: IdentityTrx, keyId: string): Promise<string | null> {
    const { rows } = await sql<{ space_id: string }>`SELECT space_id FROM space_of_key(${keyId})`.execute(
      trx,
    );
    return rows[0]?.space_id ?? null;
  }

  async find(trx: IdentityTrx, spaceId: string, id: string): Promise<ApiKeyRow | undefined> {
    return trx
      .selectFrom('api_key')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async list(
    trx: IdentityTrx,
    spaceId: string,
    page: { limit: number; before: string | null },
  ): Promise<ApiKeyRow[]> {
    let query = trx.selectFrom('api_key').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }

  async revoke(trx: IdentityTrx, spaceId: string, id: string): Promise<boolean> {
    const row = await trx
      .updateTable('api_key')
      .set({ revoked_at: new Date(), updated_at: new Date() })
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return row !== undefined;
  }

  /** A key that is good, and cannot be revoked until the transaction ends. */
  async lockToGrant(trx: IdentityTrx, spaceId: string, id: string): Promise<ApiKeyRow | undefined> {
    return trx
      .selectFrom('api_key')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .forShare()
      .executeTakeFirst();
  }

  /** Keys that a member made, also by way of another key, and that are not revoked. */
  async madeBy(trx: IdentityTrx, spaceId: string, accountId: string): Promise<ApiKeyRow[]> {
    return trx
      .selectFrom('api_key')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('created_by', '=', accountId)
      .where('revoked_at', 'is', null)
      .orderBy('id')
      .execute();
  }

  /** Notes the last use, at most once a minute. */
  async touch(trx: IdentityTrx, row: ApiKeyRow): Promise<void> {
    if (row.last_used_at && Date.now() - row.last_used_at.getTime() < 60_000) return;
    await trx
      .updateTable('api_key')
      .set({ last_used_at: new Date() })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .execute();
  }

  async insertServiceAccount(
    trx: IdentityTrx,
    row: Insertable<ServiceAccountTable>,
  ): Promise<Selectable<ServiceAccountTable> | undefined> {
    return trx
      .insertInto('service_account')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }

  async findServiceAccount(
    trx: IdentityTrx,
    spaceId: string,
    id: string,
  ): Promise<Selectable<ServiceAccountTable> | undefined> {
    return trx
      .selectFrom('service_account')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async listServiceAccounts(
    trx: IdentityTrx,
    spaceId: string,
    page: { limit: number; before: string | null },
  ): Promise<Selectable<ServiceAccountTable>[]> {
    let query = trx.selectFrom('service_account').selectAll().where('space_id', '=', spaceId);
    if (page.before) query = query.where('id', '<', page.before);
    return query
      .orderBy('id', 'desc')
      .limit(page.limit + 1)
      .execute();
  }
}
