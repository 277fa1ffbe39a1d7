import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  findSequenceBreaks,
  type NatsBench,
  openNatsBench,
  postedEvent,
  readStream,
} from '../../test/bench.ts';
import { EventPublisher } from './event-publisher.ts';

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const DOWN_MS = 400;
/** Longer than an acknowledgement is waited for, shorter than a fact is tried. */
const STILL_MS = 1300;

describe('FactPublisher', () => {
  let broker: NatsBench;
  let nats: NatsConnection;
  let facts: EventPublisher;

  beforeEach(async () => {
    broker = await openNatsBench();
    nats = await broker.connect();
    facts = new EventPublisher(nats, 'conversation');
  });

  afterEach(() => broker.close());

  const publish = (thread: string, sequence: number): Promise<void> =>
    facts.publish(postedEvent, 'space_a', { thread, sequence });

  it('stores in the order of the calls what is published at once', async () => {
    const sequences = Array.from({ length: 700 }, (_value, index) => index + 1);
    await Promise.all(sequences.map((sequence) => publish('one', sequence)));
    const stored = await readStream(nats);
    expect(stored).toHaveLength(700);
    expect(findSequenceBreaks(stored)).toEqual([]);
  });

  it('stores each fact once, and refuses none, while nats-server is killed and started again', async () => {
    let writing = true;
    const writers = ['a', 'b', 'c', 'd', 'e'].map(async (thread) => {
      let sequence = 0;
      while (writing) await publish(thread, (sequence += 1));
      return sequence;
    });
    for (let round = 0; round < 3; round += 1) {
      await sleep(300);
      await broker.kill();
      await sleep(DOWN_MS);
      await broker.start();
    }
    await sleep(300);
    writing = false;
    const published = await Promise.all(writers);
    const stored = await readStream(nats);
    expect(stored).toHaveLength(published.reduce((sum, count) => sum + count, 0));
    expect(findSequenceBreaks(stored)).toEqual([]);
  });

  it('stores once what a server that stood still is sent again', async () => {
    await publish('one', 1);
    const frozen = broker.freeze(STILL_MS);
    await Promise.all([publish('one', 2), publish('one', 3), publish('one', 4), frozen]);
    expect((await readStream(nats)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });

  it('stores an event without the characters that no consumer could store', async () => {
    await facts.publish(postedEvent, 'space_a', { thread: 'o\0ne', sequence: 1, text: 'a\0b \ud83d 😀' });
    const { streams } = await jetstreamManager(nats);
    const stored = await streams.getMessage('CONVERSATION', { seq: 1 });
    expect(stored?.subject).toMatch(/\.space_a\.one\./);
    expect(stored?.json()).toEqual({ thread: 'one', sequence: 1, text: 'ab \ufffd 😀' });
  });

  it('refuses what is too large at once, and nothing beside it', async () => {
    const text = 'x'.repeat(9 * 1024 * 1024);
    const huge = facts.publish(postedEvent, 'space_a', { thread: 'huge', sequence: 1, text });
    const others = [publish('one', 1), publish('one', 2)];
    await expect(huge).rejects.toThrow('max_payload');
    await Promise.all(others);
    expect(findSequenceBreaks(await readStream(nats))).toEqual([]);
  });

  it('says within its time that nothing was stored where there is no server', async () => {
    await broker.kill();
    await expect(publish('one', 1)).rejects.toThrow('not connected');
    await broker.start();
    await publish('one', 1);
    expect(await readStream(nats)).toEqual([{ key: 'one', sequence: 1 }]);
  });
});
