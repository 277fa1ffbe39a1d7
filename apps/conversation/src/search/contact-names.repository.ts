import { Injectable } from '@nestjs/common';
import { foldVariants } from '@parley/text';
import { sql } from 'kysely';
import type { ConversationTrx } from '../database.ts';

/** A contact's name as it is compared: each spelling on a line. */
export function foldedName(name: string | null): string | null {
  return name === null ? null : foldVariants(name).join('\n');
}

/** Folds names that were written before they were folded, or by another version of the normaliser. */
@Injectable()
export class ContactNamesRepository {
  /** Answers the id behind which the next page begins; null at the end. */
  async foldPage(
    trx: ConversationTrx,
    spaceId: string,
    { after, limit }: { after: string; limit: number },
  ): Promise<string | null> {
    const rows = await trx
      .selectFrom('contact')
      .select(['id', 'name', 'name_folded'])
      .where('space_id', '=', spaceId)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    const stale = rows.filter((row) => foldedName(row.name) !== row.name_folded);
    // A name that was changed since is folded already.
    if (stale.length > 0)
      await sql`
        UPDATE contact SET name_folded = given.folded
        FROM unnest(
          ${stale.map(({ id }) => id)}::text[], ${stale.map(({ name }) => name)}::text[], ${stale.map(({ name }) => foldedName(name))}::text[]
        ) AS given (id, name, folded)
        WHERE contact.space_id = ${spaceId} AND contact.id = given.id AND contact.name IS NOT DISTINCT FROM given.name`.execute(
        trx,
      );
    return rows.length < limit ? null : (rows.at(-1)?.id ?? null);
  }
}
