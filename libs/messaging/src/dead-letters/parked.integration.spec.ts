import { sql } from 'kysely';
import { type MechanismBench, openMechanismBench } from '../../test/bench.ts';
import { DeadLetters } from './dead-letters.ts';
import { PARKED_BEHIND, ParkedRepository } from './parked.repository.ts';

const consumer = 'runs.CONVERSATION';

describe('dead letters', () => {
  let bench: MechanismBench;
  let parked: ParkedRepository;
  let letters: DeadLetters;

  beforeAll(async () => {
    bench = await openMechanismBench();
    parked = new ParkedRepository(bench.runner, 'flow-engine');
    letters = new DeadLetters(parked);
  });

  afterEach(async () => {
    await sql`DELETE FROM parked`.execute(bench.runner.kysely);
    await sql`DELETE FROM outbox`.execute(bench.runner.kysely);
  });

  afterAll(() => bench.close());

  async function park(key: string, text: string, reason = PARKED_BEHIND, spaceId = 'space_a'): Promise<void> {
    await bench.database.withSpaces([spaceId], (trx) =>
      parked.park(trx, {
        source: 'event',
        consumer,
        key,
        spaceId,
        name: 'x.y',
        content: { text },
        reason,
        attempts: 5,
      }),
    );
  }

  /** What a consumer does with what is to be replayed; `fails` names texts whose handler throws. */
  async function replayAll(fails: string[] = []): Promise<string[]> {
    const done: string[] = [];
    for (let entry = await parked.nextReplay(consumer); entry; entry = await parked.nextReplay(consumer)) {
      const { id, spaceId } = entry;
      const { text } = entry.content as { text: string };
      if (fails.includes(text)) await parked.unmarkReplay(id, 'failed again');
      else if (await bench.database.withSpaces([spaceId], (trx) => parked.unpark(trx, id))) done.push(text);
    }
    return done;
  }

  it('replays all of a key in its order, with what joined it meanwhile', async () => {
    await park('conv_1', 'one', 'bad data');
    await park('conv_2', 'else', 'bad data');
    await park('conv_1', 'two');
    const [entry] = await letters.list({ reason: 'bad' });
    expect(await letters.replay({ id: entry?.id ?? '' })).toBe(2);
    await park('conv_1', 'three');
    expect(await replayAll()).toEqual(['one', 'two', 'three']);
    expect((await letters.list()).map(({ key }) => key)).toEqual(['conv_2']);
  });

  it('holds back what waits behind an event that fails again', async () => {
    await park('conv_1', 'one', 'bad data');
    await park('conv_1', 'two');
    await letters.replay({ key: 'conv_1' });
    expect(await replayAll(['one'])).toEqual([]);
    expect(await letters.list()).toMatchObject([
      { reason: 'failed again', attempts: 6, replay: false },
      { reason: PARKED_BEHIND, attempts: 5, replay: false },
    ]);
  });

  it('lets what waited go on when the event in front is dropped', async () => {
    await park('conv_1', 'one', 'bad data');
    await park('conv_1', 'two');
    const [entry] = await letters.list();
    expect(await letters.drop({ id: entry?.id ?? '' })).toBe(1);
    expect(await replayAll()).toEqual(['two']);
    expect(await letters.drop({ id: entry?.id ?? '' })).toBe(0);
  });

  it('tells the dead letter stream through the outbox', async () => {
    await park('conv_1', 'one', 'bad data');
    const { rows } = await sql`SELECT shard, entry->>'subject' AS subject FROM outbox`.execute(
      bench.runner.kysely,
    );
    expect(rows).toEqual([
      { shard: 'DEAD_LETTER', subject: 'dead_letter.flow-engine.runs_CONVERSATION.space_a' },
    ]);
  });

  it('filters by space, consumer, key and reason, and hides other spaces from the service', async () => {
    await park('conv_1', 'one', 'bad data');
    await park('conv_9', 'other', 'too slow', 'space_b');
    expect(await letters.list({ spaceId: 'space_b' })).toMatchObject([{ key: 'conv_9' }]);
    expect(await letters.list({ consumer, reason: 'data' })).toMatchObject([{ key: 'conv_1' }]);
    expect(await letters.list({ consumer: 'other' })).toEqual([]);
    const { rows } = await bench.database.withSpaces(['space_a'], (trx) =>
      sql`SELECT key FROM parked`.execute(trx),
    );
    expect(rows).toEqual([{ key: 'conv_1' }]);
  });
});
