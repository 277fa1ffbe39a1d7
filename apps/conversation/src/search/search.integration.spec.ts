import {
  createConversation,
  createRoom,
  deleteContact,
  deleteConversation,
  deleteMessage,
  editMessage,
  getMessage,
  listContacts,
  mergeContacts,
  messageReceived,
  newId,
  type OperationRequest,
  postMessage,
  postVisitorMessage,
  searchMessages,
  timeOfId,
} from '@parley/contracts';
import { segmenterVersion } from '@parley/text';
import { sql } from 'kysely';
import {
  admin,
  type ConversationBench,
  member,
  openBench,
  otherSpaceId,
  spaceId,
  text,
  visitor,
} from '../../test/bench.ts';
import { SegmentingService } from './segmenting.service.ts';

type Search = Omit<OperationRequest<typeof searchMessages>, 'spaceId'>;

let bench: ConversationBench;
let conversationId = '';

beforeAll(async () => {
  bench = await openBench();
  await bench.know({ id: 'acc_ada', name: 'Ada' }, { id: 'acc_bea', name: 'Bea' });
  conversationId = (await bench.call(createConversation, { spaceId })).id;
});
afterAll(() => bench.close());

const post = async (words: string, principal = member()): Promise<string> =>
  (await bench.call(postMessage, { spaceId, conversationId, parts: text(words) }, principal)).id;
const find = async (search: Search | string, principal = member()): Promise<string[]> => {
  const input = typeof search === 'string' ? { q: search } : search;
  return (await bench.call(searchMessages, { spaceId, ...input }, principal)).data.map(({ id }) => id);
};
const say = (words: string, no = 'ann', channelId = 'chan_web') =>
  bench.call(
    postVisitorMessage,
    { spaceId, channel: { channelId, deploymentType: 'WEB', target: null }, parts: text(words) },
    visitor(no, channelId),
  );
const segment = () => bench.get(SegmentingService).round(new AbortController().signal, 0);

describe('words of every script', () => {
  it.each([
    ['Die Rückerstattung für Größe L', ['rueckerstattung', 'erstatt', 'grosse', 'GRÖSSE']],
    ['Посылка ещё не пришла', ['посыл', 'еще', 'ПРИШЛА']],
    ['Πού είναι η παραγγελία', ['παραγγελια', 'γγελί']],
    ['أين الطلب؟', ['طلب', 'الطّلب']],
    ['איפה ההזמנה', ['הזמנה']],
    ['मेरा ऑर्डर कहाँ है', ['ऑर्डर', 'कहाँ']],
    ['என் ஆர்டர் எங்கே', ['ஆர்டர்']],
    ['ออเดอร์ของฉันอยู่ที่ไหน', ['ออเดอร์', 'ของฉัน']],
    ['東京都庁へ送ってください', ['都庁', '東京都庁', '京']],
    ['我的订单在哪里', ['订单', '在哪']],
    ['주문이어디에있나요', ['어디', '주문']],
    ['ﾊﾞｽ ＡＢＣ', ['バス', 'abc']],
    ['Ticket CVE-2026-31337, Bestellung 4711-0815', ['0815', 'cve-2026-31337', '31337']],
    ['soft\u00adware up\u200bdate 🎉', ['software', 'update', '🎉']],
    ['call +49 170 9876543', ['0170 9876543', '9876543']],
  ])('%s', async (words, queries) => {
    const id = await post(words);
    for (const q of queries) expect({ q, found: await find(q) }).toEqual({ q, found: [id] });
  });

  it('of a neighbour are not found', async () => {
    const [first, second] = [await post('Parcel 5511-0815'), await post('Parcel 5511-0816')];
    expect(await find('5511-0815')).toEqual([first]);
    expect(await find('0816')).toEqual([second]);
    expect(await find('5511')).toEqual([second, first]);
    expect(await find('511-0815')).toEqual([]);
    expect(await find('東庁')).toEqual([]);
  });
});

test('pages go on where they ended, also over messages that only look like matches', async () => {
  const ids: string[] = [];
  for (let no = 0; no < 72; no += 1) {
    ids.push(await post(no % 6 === 0 ? `whirlpool number ${no}` : `whirl and irlpool ${no}`));
  }
  const wanted = ids.filter((_, no) => no % 6 === 0).reverse();
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await bench.call(searchMessages, {
      spaceId,
      q: 'whirlpool',
      limit: 4,
      ...(cursor ? { cursor } : {}),
    });
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(wanted);
});

test('old messages are found behind many newer ones, newest first, close together and far apart', async () => {
  const burst = Date.UTC(2024, 2, 1);
  const day = 86_400_000;
  const newer = Array.from({ length: 4000 }, (_, no) => newId('msg', Date.UTC(2025, 2, 1) + no * 60_000));
  const wanted = [
    ...Array.from({ length: 1500 }, (_, no) => newId('msg', burst + no * 10)),
    ...Array.from({ length: 60 }, (_, no) => newId('msg', burst - (no + 1) * 9 * day)),
  ];
  await bench.in(async (trx) => {
    await sql`
      INSERT INTO message_search (space_id, message_id, created_at, version, terms)
      SELECT ${spaceId}, id, to_timestamp(message_search_time(id) / 1000.0), ${segmenterVersion},
        array_to_tsvector(array[term] || ARRAY(
          SELECT '@' || power || ':' || to_hex(message_search_time(id) >> power) FROM generate_series(20, 34, 2) AS power))
      FROM (
        SELECT unnest(${newer}::text[]) AS id, '~qqqq' AS term UNION ALL SELECT unnest(${wanted}::text[]), '~seas'
      ) AS given`.execute(trx);
    await sql`
      INSERT INTO message (space_id, conversation_id, sequence, id, author, parts, status, created_at)
      SELECT space_id, ${conversationId}, 100000 + row_number() OVER (), message_id, '{"type": "system", "name": "x"}',
        '[{"type": "text", "text": "seas", "format": "plain"}]', 'accepted', created_at
      FROM message_search WHERE terms @@ '''~seas'''`.execute(trx);
  });
  wanted.sort().reverse();
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await bench.call(searchMessages, {
      ...{ spaceId, q: 'seas', limit: seen.length === 0 ? 5 : 200 },
      ...(cursor ? { cursor } : {}),
    });
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(wanted);
  const [after, before] = [200 * day, 100 * day].map((ago) => new Date(burst - ago).toISOString());
  const between = await find({ q: 'seas', after, before });
  expect(between).toEqual(
    wanted.filter((id) => timeOfId(id) >= burst - 200 * day && timeOfId(id) < burst - 100 * day),
  );
  await bench.in(async (trx) => {
    await sql`DELETE FROM message_search WHERE message_id = ANY (${[...newer, ...wanted]})`.execute(trx);
    await sql`DELETE FROM message WHERE sequence >= 100000`.execute(trx);
  });
});

test('a message has the terms of the periods that its id lies in', async () => {
  const id = await post('about periods');
  const { rows } = await bench.in((trx) =>
    sql<{ time: string; powers: number[] }>`
      SELECT message_search_time(message_id) AS time, ARRAY(
        SELECT power FROM generate_series(20, 34, 2) AS power
        WHERE terms @@ ('''@' || power || ':' || to_hex(message_search_time(message_id) >> power) || '''')::tsquery) AS powers
      FROM message_search WHERE message_id = ${id}`.execute(trx),
  );
  expect(Number(rows[0]?.time)).toBe(timeOfId(id));
  expect(rows[0]?.powers).toEqual([20, 22, 24, 26, 28, 30, 32, 34]);
});

describe('filters', () => {
  it('of author, channel and file narrow words, or stand alone', async () => {
    const shop = await say('filtered words in the shop', 'shopper', 'chan_shop');
    const web = await say('filtered words on the web', 'surfer', 'chan_web');
    const ours = await post('filtered words by Bea', member('acc_bea', 'Bea'));
    const asset = bench.files.add(spaceId, { fileName: 'Grundriß.pdf' });
    const parts = [
      ...text('filtered words with a file'),
      {
        ...{ type: 'attachment' as const, assetId: asset.id, name: 'Grundriß.pdf' },
        contentType: 'a/b',
        size: 1,
      },
    ];
    const file = await bench.call(postMessage, { spaceId, conversationId, parts });
    const q = 'filtered';
    expect(await find({ q, channelId: 'chan_shop' })).toEqual([shop.id]);
    expect(await find({ q, author: shop.author.contactId ?? '' })).toEqual([shop.id]);
    expect(await find({ q, author: 'acc_bea' })).toEqual([ours]);
    expect(await find({ q, authorType: 'contact' })).toEqual([web.id, shop.id]);
    expect(await find({ q, hasFile: 'true' })).toEqual([file.id]);
    expect(await find({ q, hasFile: 'false' })).toEqual([ours, web.id, shop.id]);
    expect(await find({ q: 'grundriss' })).toEqual([file.id]);
    expect(await find({ channelId: 'chan_shop' })).toEqual([shop.id]);
    expect(await find({ author: 'acc_bea', hasFile: 'true' })).toEqual([]);
    expect(await find({ author: 'cont_unknown' })).toEqual([]);
    expect(await find({ q, channelId: 'chan_shop', authorType: 'account' })).toEqual([]);
  });

  it('of time leave out what is earlier or later', async () => {
    const first = await post('clockwork one');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const middle = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = await post('clockwork two');
    expect(await find({ q: 'clockwork', before: middle })).toEqual([first]);
    expect(await find({ q: 'clockwork', after: middle })).toEqual([second]);
    expect((await find({ after: middle }))[0]).toBe(second);
    expect(await find({ q: 'clockwork', before: '2020-01-01T00:00:00Z' })).toEqual([]);
    expect(await find({ after: '2020-01-01T00:00:00+02:00', before: '2021-01-01T00:00:00Z' })).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['nothing', {}, 'q'],
    ['an empty q', { q: '  ' }, 'q'],
    ['a time that is none', { after: 'yesterday' }, 'after'],
    ['a time before the other', { after: '2026-02-01T00:00:00Z', before: '2026-01-01T00:00:00Z' }, 'before'],
    ['an unknown type', { authorType: 'robot' }, 'authorType'],
    ['an id that is none', { channelId: 'x y' }, 'channelId'],
    ['a flag that is none', { hasFile: 'maybe' }, 'hasFile'],
    ['an unknown filter', { sender: 'acc_ada' }, ''],
  ])('%s are refused', (_what, input, field) => {
    const checked = searchMessages.input.safeParse({ spaceId, ...input });
    expect(checked.success).toBe(false);
    expect(checked.error?.issues.map(({ path }) => path.join('.'))).toContain(field);
  });
});

describe('what search shows', () => {
  it('follows edits and deletions', async () => {
    const id = await post('before the marmalade');
    await bench.call(editMessage, {
      spaceId,
      conversationId,
      messageId: id,
      parts: text('after the edit: nutmeg'),
    });
    expect(await find('marmalade')).toEqual([]);
    expect(await find('nutmeg')).toEqual([id]);
    await bench.call(deleteMessage, { spaceId, conversationId, messageId: id });
    expect(await find('nutmeg')).toEqual([]);
    const other = (await bench.call(createConversation, { spaceId })).id;
    await bench.call(postMessage, { spaceId, conversationId: other, parts: text('nutmeg again') });
    expect(await find('nutmeg')).toHaveLength(1);
    await bench.call(deleteConversation, { spaceId, conversationId: other }, admin);
    expect(await find('nutmeg')).toEqual([]);
    const left = await bench.in((trx) =>
      sql`SELECT 1 FROM message_search WHERE terms @@ '''~nutm'''`.execute(trx),
    );
    expect(left.rows).toEqual([]);
  });

  it('is of the space and the reader alone', async () => {
    const participants = [{ accountId: 'acc_ada' }, { accountId: 'acc_bea' }];
    const room = await bench.call(createRoom, { spaceId, type: 'direct', participants });
    const direct = await bench.call(createConversation, { spaceId, roomId: room.id });
    await bench.call(postMessage, { spaceId, conversationId: direct.id, parts: text('whisper') });
    expect(await find('whisper', member('acc_bea', 'Bea'))).toHaveLength(1);
    expect(await find('whisper', member('acc_cat', 'Cat'))).toEqual([]);
    expect(await find({ q: 'whisper', author: 'acc_ada' }, admin)).toEqual([]);
    const stranger = member('acc_eve', 'Eve', otherSpaceId);
    const { data } = await bench.call(searchMessages, { spaceId: otherSpaceId, author: 'acc_ada' }, stranger);
    expect(data).toEqual([]);
    const query = sql`SELECT * FROM search_message_terms(${spaceId}, '''~whis''', ARRAY['''~whis'''], 'acc_ada', NULL, NULL, NULL, NULL, 10, NULL, 0)`;
    expect((await bench.in((trx) => query.execute(trx), otherSpaceId)).rows).toEqual([]);
    expect((await bench.in((trx) => query.execute(trx))).rows).toHaveLength(1);
  });

  it('finds messages of a merged contact by both ids, and none by the id of an erased one', async () => {
    const [first, second] = [await say('parsley', 'mia'), await say('parsley', 'max')];
    const [kept = '', gone = ''] = [first.author.contactId, second.author.contactId].map(String);
    await bench.call(mergeContacts, { spaceId, id: kept, contactId: gone });
    for (const author of [kept, gone])
      expect(await find({ q: 'parsley', author })).toEqual([second.id, first.id]);
    await bench.call(deleteContact, { spaceId, contactId: kept });
    expect(await find({ q: 'parsley', author: kept })).toEqual([]);
    expect(await find('parsley')).toEqual([second.id, first.id]);
    const { rows } = await bench.in((trx) =>
      sql`SELECT 1 FROM message_search WHERE strip(terms)::text LIKE ${`%${kept}%`} OR terms::text LIKE ${`%${gone}%`}`.execute(
        trx,
      ),
    );
    expect(rows).toEqual([]);
  });

  it('has messages that came in a batch', async () => {
    const data = ['batch one saffron', 'batch two saffron'].map((words, no) => ({
      ...{
        channelId: 'chan_hook',
        deploymentType: 'CUSTOM',
        providerMessageId: `p${no}`,
        target: null,
        targetName: null,
        metadata: {},
      },
      ...{
        sender: { id: `sender_${no}`, name: null },
        parts: text(words),
        receivedAt: new Date().toISOString(),
      },
    }));
    await bench.feed(messageReceived, data as never);
    expect(await find({ q: 'saffron', channelId: 'chan_hook', authorType: 'contact' })).toHaveLength(2);
  });
});

describe('messages from before there were terms', () => {
  const old = ['The zeppelin of the year 1936', 'Die Größe des Zeppelins', 'zeppelin 4711-0815'];
  const ids: string[] = [];

  beforeAll(async () => {
    for (const words of old) ids.unshift(await post(words, member('acc_bea', 'Bea')));
    await bench.in(async (trx) => {
      await sql`DELETE FROM message_search WHERE message_id = ANY (${ids})`.execute(trx);
      await sql`INSERT INTO message_search_state (space_id) VALUES (${spaceId})`.execute(trx);
      await sql`INSERT INTO contact (space_id, id, name) VALUES (${spaceId}, 'cont_old', 'Zoë Großmann')`.execute(
        trx,
      );
    });
  });

  it('are found beside new ones', async () => {
    const fresh = await post('a new zeppelin');
    expect((await bench.call(listContacts, { spaceId, q: 'Großmann' })).data).toHaveLength(1);
    expect(await find('zeppelin')).toEqual([fresh, ...ids]);
    expect(await find({ q: 'zeppelin', limit: 2 })).toEqual([fresh, ids[0]]);
    expect(await find({ q: 'zeppelin', author: 'acc_bea' })).toEqual(ids);
    expect(await find({ q: 'zeppelin', author: 'acc_bea', channelId: 'chan_web' })).toEqual([]);
    expect((await find({ author: 'acc_bea' })).slice(0, 3)).toEqual(ids);
    const { createdAt } = await bench.call(getMessage, { spaceId, conversationId, messageId: fresh });
    expect(await find({ q: 'zeppelin', before: createdAt })).toEqual(ids);
    expect(await find({ q: 'zeppelin', after: '2999-01-01T00:00:00Z' })).toEqual([]);
    expect(await find({ q: 'zeppelin', before: '2999-01-01T00:00:00Z' })).toEqual([fresh, ...ids]);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await bench.call(searchMessages, {
        spaceId,
        q: 'zeppelin',
        limit: 1,
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([fresh, ...ids]);
  });

  it('are segmented, and again after a change of the segmenter', async () => {
    expect(await bench.get(SegmentingService).round(new AbortController().signal)).toBe(false);
    expect(await segment()).toBe(true);
    const contacts = await bench.call(listContacts, { spaceId, q: 'grossmann zoe' });
    expect(contacts.data.map(({ id }) => id)).toEqual(['cont_old']);
    const state = await bench.in((trx) => trx.selectFrom('message_search_state').select('version').execute());
    expect(state).toEqual([{ version: segmenterVersion }]);
    expect(await find('groesse zeppelin')).toEqual([ids[1]]);
    expect(await find({ q: '0815 zeppelin', author: 'acc_bea' })).toEqual([ids[0]]);
    const { rows } = await bench.in((trx) => sql`SELECT to_regclass('message_words') AS index`.execute(trx));
    expect(rows).toEqual([{ index: null }]);
    const outdate = sql`UPDATE message_search SET version = version - 1, terms = '' WHERE message_id = ${ids[0] ?? ''}`;
    await bench.in((trx) => outdate.execute(trx));
    expect(await find('0815 zeppelin')).toEqual([]);
    await bench.in((trx) => sql`DELETE FROM message_search_state`.execute(trx));
    expect(await segment()).toBe(true);
    expect(await find('0815 zeppelin')).toEqual([ids[0]]);
  });

  it('are not searched once they are deleted or edited while they are segmented', async () => {
    const id = await post('the last pangolin');
    await bench.in(async (trx) => {
      await sql`DELETE FROM message_search WHERE message_id = ${id}`.execute(trx);
      await sql`DELETE FROM message_search_state`.execute(trx);
    });
    await bench.call(deleteMessage, { spaceId, conversationId, messageId: id });
    await segment();
    const { rows } = await bench.in((trx) =>
      sql`SELECT 1 FROM message_search WHERE message_id = ${id}`.execute(trx),
    );
    expect(rows).toEqual([]);
  });
});
