import type { Trx } from '@parley/database';

import type { WrappedKey } from './master-keys.ts';
import type { SpaceKeySchema } from './space-key.table.ts';

/** The keys of spaces in a service's own schema: one row a key, the newest seals. */
export class SpaceKeyRepository {
  async findCurrent<Schema>(trx: Trx<Schema>, spaceId: string): Promise<WrappedKey | undefined> {
    const row = await inSchema(trx)
      .selectFrom('space_key')
      .select('wrapped')
      .where('space_id', '=', spaceId)
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(1)
      .executeTakeFirst();
    return row?.wrapped;
  }

  async find<Schema>(trx: Trx<Schema>, spaceId: string, keyId: string): Promise<WrappedKey | undefined> {
    const row = await inSchema(trx)
      .selectFrom('space_key')
      .select('wrapped')
      .where('space_id', '=', spaceId)
      .where('id', '=', keyId)
      .executeTakeFirst();
    return row?.wrapped;
  }

  async list<Schema>(trx: Trx<Schema>, spaceId: string): Promise<{ id: string; wrapped: WrappedKey }[]> {
    return inSchema(trx)
      .selectFrom('space_key')
      .select(['id', 'wrapped'])
      .where('space_id', '=', spaceId)
      .orderBy('id')
      .forUpdate()
      .execute();
  }

  async update<Schema>(
    trx: Trx<Schema>,
    spaceId: string,
    key: { id: string; wrapped: WrappedKey },
  ): Promise<void> {
    await inSchema(trx)
      .updateTable('space_key')
      .set({ wrapped: key.wrapped })
      .where('space_id', '=', spaceId)
      .where('id', '=', key.id)
      .execute();
  }

  async insert<Schema>(
    trx: Trx<Schema>,
    spaceId: string,
    key: { id: string; wrapped: WrappedKey },
  ): Promise<void> {
    await inSchema(trx)
      .insertInto('space_key')
      .values({ space_id: spaceId, id: key.id, wrapped: key.wrapped, created_at: new Date() })
      .execute();
  }
}

// Each service has the table in its schema, whatever else that schema's type names.
function inSchema<Schema>(trx: Trx<Schema>): Trx<SpaceKeySchema> {
  return trx as unknown as Trx<SpaceKeySchema>;
}
