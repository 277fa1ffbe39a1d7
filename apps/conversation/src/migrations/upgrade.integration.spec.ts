import { searchMessages } from '@parley/contracts';
import { createDatabase } from '@parley/database';
import { createLogger } from '@parley/service';
import { createTables } from '@parley/service/testing';
import { createTestDatabase } from '@parley/testing';
import { sql } from 'kysely';
import type { Tables } from '../database.ts';
import { ConversationsRepository } from '../conversations/conversations.repository.ts';
import { ContactNamesRepository } from '../search/contact-names.repository.ts';
import { MessageTermsRepository } from '../search/message-terms.repository.ts';
import { SearchRepository } from '../search/search.repository.ts';
import { SearchService } from '../search/search.service.ts';
import { SegmentingService } from '../search/segmenting.service.ts';
import { migrations } from './index.ts';

test('data from before addresses, direct rooms and activity is brought into their form', async () => {
  const server = await createTestDatabase();
  const before = Object.fromEntries(Object.entries(migrations).slice(0, 5));
  await createTables(server, 'conversation', [before]);
  const database = createDatabase<Tables>({
    url: server.urlFor('parley_conversation'),
    applicationName: 'upgrade-spec',
  });
  try {
    await database.withSpaces(['space_one'], async (trx) => {
      await sql`INSERT INTO contact (space_id, id) VALUES ('space_one', 'cont_a')`.execute(trx);
      await sql`
        INSERT INTO contact_identity (space_id, channel_id, type, value, contact_id)
        VALUES ('space_one', '', 'phone', '+1 212 555 0142', 'cont_a')`.execute(trx);
      await sql`
        INSERT INTO room (space_id, id, type, pair) VALUES ('space_one', 'room_d', 'direct', 'acc_a acc_b'), ('space_one', 'room_s', 'standard', NULL)`.execute(
        trx,
      );
      await sql`
        INSERT INTO conversation (space_id, id, room_id, status, owner, assignee)
        VALUES ('space_one', 'conv_d', 'room_d', 'open', 'human', 'acc_c'), ('space_one', 'conv_s', 'room_s', 'open', 'human', 'acc_c')`.execute(
        trx,
      );
      await sql`
        INSERT INTO participant (space_id, parent_id, id, account_id, name, role, auto_respond) VALUES
          ('space_one', 'room_d', 'part_1', 'acc_a', 'A', 'member', false), ('space_one', 'room_d', 'part_2', 'acc_b', 'B', 'member', false),
          ('space_one', 'conv_d', 'part_3', 'acc_a', 'A', 'member', false), ('space_one', 'conv_d', 'part_4', 'acc_c', 'C', 'member', false),
          ('space_one', 'conv_s', 'part_5', 'acc_c', 'C', 'member', false)`.execute(trx);
      await sql`
        INSERT INTO message (space_id, conversation_id, sequence, id, author, parts, status) VALUES
          ('space_one', 'conv_s', 1, 'msg_01', '{"type": "account", "accountId": "acc_c", "name": "C"}',
            '[{"type": "text", "text": "Sent with the Größe 4711-0815", "format": "plain"}]', 'sent'),
          ('space_one', 'conv_d', 1, 'msg_02', '{"type": "account", "accountId": "acc_a", "name": "A"}',
            '[{"type": "text", "text": "Sent in secret", "format": "plain"}]', 'sent')`.execute(trx);
    });
    await createTables(server, 'conversation', [migrations]);
    await database.withSpaces(['space_one'], async (trx) => {
      const conversations = await trx.selectFrom('conversation').selectAll().orderBy('id').execute();
      expect(conversations).toMatchObject([
        { id: 'conv_d', audience: ['acc_a', 'acc_b'], owner: 'none', assignee: null },
        { id: 'conv_s', audience: null, owner: 'human', assignee: 'acc_c' },
      ]);
      const participants = await trx.selectFrom('participant').select('id').orderBy('id').execute();
      expect(participants.map(({ id }) => id)).toEqual(['part_1', 'part_2', 'part_3', 'part_5']);
      const activity = await trx.selectFrom('conversation_activity').select('conversation_id').execute();
      expect(activity).toHaveLength(2);
      // A pod of the version before may still begin conversations.
      await sql`
        INSERT INTO conversation (space_id, id, room_id, status, owner)
        VALUES ('space_one', 'conv_late', 'room_s', 'open', 'none')`.execute(trx);
      const filter = { spaceId: 'space_one', limit: 10, sort: 'lastActivity' as const };
      const listed = await new ConversationsRepository().list(trx, filter);
      expect(listed.map(({ id }) => id)).toContain('conv_late');
      const { rows } = await sql<{
        queue: string;
        space_id: string;
      }>`SELECT queue, space_id FROM task`.execute(trx);
      expect(rows).toEqual([{ queue: 'contact_addresses', space_id: 'space_one' }]);
    });
    const terms = new MessageTermsRepository();
    const search = new SearchService(new SearchRepository(), terms);
    const find = (q: string, readerId: string | null = null) =>
      database.withSpaces(['space_one'], async (trx) => {
        const input = searchMessages.input.parse({ spaceId: 'space_one', q });
        return (await search.search(trx, input, { before: null, readerId })).rows.map(({ id }) => id);
      });
    expect(await find('sent')).toEqual(['msg_01']);
    expect(await find('sent', 'acc_a')).toEqual(['msg_02', 'msg_01']);
    const leases = { runWhileHeld: () => undefined } as never;
    const segmenting = new SegmentingService(
      ...([
        database,
        terms,
        new ContactNamesRepository(),
        leases,
        createLogger({ name: 'upgrade-spec', level: 'silent' }),
      ] as const),
    );
    expect(await segmenting.round(new AbortController().signal, 0)).toBe(true);
    expect(await find('sent', 'acc_a')).toEqual(['msg_02', 'msg_01']);
    expect(await find('groesse 0815')).toEqual(['msg_01']);
    expect(await find('secret')).toEqual([]);
  } finally {
    await database.close();
    await server.drop();
  }
});
