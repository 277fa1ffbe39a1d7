import { Injectable } from '@nestjs/common';
import { anyOfTexts } from '@parley/database';
import { foldVariants } from '@parley/text';
import { type Insertable, type RawBuilder, sql } from 'kysely';
import type { ContactRow, ContactTable, ConversationTrx } from '../database.ts';
import { foldedName } from '../search/contact-names.repository.ts';
import { normalizeText, phoneDigitsOf } from './addresses.ts';

@Injectable()
export class ContactsRepository {
  async insert(trx: ConversationTrx, rows: readonly Insertable<ContactTable>[]): Promise<ContactRow[]> {
    if (rows.length === 0) return [];
    return trx
      .insertInto('contact')
      .values(rows.map((row) => ({ ...row, name_folded: foldedName(row.name ?? null) })))
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .execute();
  }

  async find(trx: ConversationTrx, spaceId: string, id: string): Promise<ContactRow | undefined> {
    return trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  async findMany(trx: ConversationTrx, spaceId: string, ids: readonly string[]): Promise<ContactRow[]> {
    if (ids.length === 0) return [];
    return trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', 'in', [...ids])
      .execute();
  }

  async list(
    trx: ConversationTrx,
    filter: { spaceId: string; limit: number; before: string | null; q?: string | undefined },
  ): Promise<ContactRow[]> {
    let query = trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', filter.spaceId)
      .where('merged_into', 'is', null);
    if (filter.before) query = query.where('id', '<', filter.before);
    if (filter.q) query = query.where(matchesSearch(filter.q));
    return query
      .orderBy('id', 'desc')
      .limit(filter.limit + 1)
      .execute();
  }

  async update(
    trx: ConversationTrx,
    row: ContactRow,
    change: { name?: string | null; attributes?: string; metadata?: string },
  ): Promise<ContactRow> {
    return trx
      .updateTable('contact')
      .set({
        ...change,
        ...(change.name === undefined ? {} : { name_folded: foldedName(change.name) }),
        updated_at: new Date(),
      })
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  async lock(trx: ConversationTrx, spaceId: string, ids: readonly string[]): Promise<ContactRow[]> {
    return trx
      .selectFrom('contact')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', 'in', [...ids])
      .orderBy('id')
      .forUpdate()
      .execute();
  }

  /** Deletes a contact, its identities and the contacts that were merged into it. */
  async delete(trx: ConversationTrx, row: ContactRow): Promise<void> {
    const { space_id: spaceId, id } = row;
    for (const table of ['contact_identity', 'contact_address'] as const)
      await trx.deleteFrom(table).where('space_id', '=', spaceId).where('contact_id', '=', id).execute();
    await trx
      .deleteFrom('contact')
      .where('space_id', '=', spaceId)
      .where((where) => where.or([where('id', '=', id), where('merged_into', '=', id)]))
      .execute();
  }

  /** Marks a contact as merged and clears everything except its id. */
  async markMerged(trx: ConversationTrx, from: ContactRow, into: string): Promise<void> {
    const { space_id: spaceId, id } = from;
    await trx
      .updateTable('contact')
      .set({
        merged_into: into,
        name: null,
        name_folded: null,
        attributes: '{}',
        metadata: '{}',
        updated_at: new Date(),
      })
      .where('space_id', '=', spaceId)
      .where((where) => where.or([where('id', '=', id), where('merged_into', '=', id)]))
      .execute();
  }

  /** Returns the merge target of each merged contact, by its id. */
  async findMergeTargets(trx: ConversationTrx, ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await trx
      .selectFrom('contact')
      .select(['id', 'merged_into'])
      .where('id', '=', anyOfTexts(ids))
      .where('merged_into', 'is not', null)
      .execute();
    return new Map(rows.map((row) => [row.id, row.merged_into ?? row.id]));
  }
}

/** Contacts whose name holds these words in any order, or that are known by something that holds them all; numbers are compared by their digits. */
function matchesSearch(words: string): RawBuilder<boolean> {
  const pattern = likePattern(normalizeText(words));
  const digits = phoneDigitsOf(words);
  const known = sql`a.value ILIKE ${pattern} OR ${digits !== null} AND a.type = 'phone' AND a.value LIKE ${likePattern(digits ?? '')}`;
  return sql<boolean>`(${nameContains(words)} OR name_folded IS NULL AND name ILIKE ${pattern} OR EXISTS (
    SELECT FROM contact_address a WHERE a.space_id = contact.space_id AND a.contact_id = contact.id AND (${known})
  ) OR EXISTS (
    SELECT FROM contact_identity a WHERE a.space_id = contact.space_id AND a.contact_id = contact.id AND (${known})))`;
}

/** Requires each word, in any of its spellings. */
function nameContains(words: string): RawBuilder<boolean> {
  const each = words
    .split(/\s+/u)
    .map((word) => foldVariants(word).filter((form) => form !== ''))
    .filter((forms) => forms.length > 0)
    .map(
      (forms) =>
        sql`(${sql.join(
          forms.map((form) => sql`name_folded LIKE ${likePattern(form)}`),
          sql` OR `,
        )})`,
    );
  return each.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(each, sql` AND `)})`;
}

function likePattern(words: string): string {
  return `%${words.replaceAll(/[\\%_]/g, '\\$&')}%`;
}
