import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { until } from '@parley/testing';
import { type BridgeBench, openBridgeBench, type PlayedRooms, tone } from '../../test/bridge-bench.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of buffers that somebody holds. */
function usedBytes(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

type Joined = PlayedRooms['joined'][number];

describe('The sound of a session', () => {
  let bench: BridgeBench;
  let open = (): void => undefined;

  beforeAll(async () => {
    bench = await openBridgeBench();
    await bench.start();
  });
  afterEach(() => {
    bench.leave();
    open();
    bench.rooms.gate = Promise.resolve();
  });
  afterAll(() => bench.close());

  function close(): void {
    bench.rooms.gate = new Promise((resolve) => (open = resolve));
  }

  async function joined(after: number): Promise<Joined> {
    return until('the room is joined', () => bench.rooms.joined[after]);
  }

  it('starts a call with its first frame, in the conversation from its greeting on', async () => {
    const { client, conversationId } = await bench.ready();
    const before = bench.started.length;
    for (let no = 0; no < 5; no += 1) client.send(tone(20));
    const { token } = await joined(bench.rooms.joined.length);
    const call = bench.started[before];
    expect(bench.started).toHaveLength(before + 1);
    expect(call).toMatchObject({
      ...{ spaceId: 'space_one', channelId: 'chan_web', deploymentType: 'WEB', direction: 'inbound' },
      ...{ contactId: 'cont_one', target: { flowId: 'flow_one' }, conversationId, afterSequence: 0 },
    });
    expect(call?.sender.id).toBe(bench.opened.at(-1)?.sender.id);
    expect(token).toBe(`token-${call?.callId}`);
    await until('turns belong to it', () => {
      client.send({ type: 'text', text: 'Typed while talking' });
      return bench.turns.at(-1)?.callId === call?.callId;
    });
  });

  it('does not say again what was read before it began', async () => {
    const { client } = await bench.ready();
    client.send({ type: 'text', text: 'First by text' });
    await client.heard('transcript', 2);
    const before = bench.started.length;
    client.send(tone(20));
    await until('the call is started', () => bench.started[before]);
    expect(bench.started[before]?.afterSequence).toBe(3);
  });

  it('keeps two seconds of what comes before the room is there', async () => {
    close();
    const { client } = await bench.ready();
    const before = bench.rooms.joined.length;
    for (let no = 0; no < 250; no += 1) client.send(tone(20));
    await client.answerTo({ type: 'ping' });
    open();
    const { audio } = await joined(before);
    let samples = 0;
    const pieces = (async () => {
      for (let piece = await audio.hear(); piece; piece = await audio.hear()) samples += piece.length;
    })();
    await sleep(50);
    expect(samples).toBe(2 * 16_000);
    client.socket.close();
    await pieces;
  });

  it('lets a client wait that sends faster than time passes, and loses nothing', async () => {
    const { client } = await bench.ready();
    const before = bench.rooms.joined.length;
    client.send(tone(20));
    const { audio } = await joined(before);
    let heard = (await audio.hear())?.length ?? 0;
    const second = tone(1000);
    for (let no = 0; no < 300; no += 1) client.send(second);
    await sleep(300);
    // Of 9.6 MB most stays where it comes from.
    expect(client.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    while (heard < 320 + 300 * 16_000) heard += (await audio.hear())?.length ?? 0;
    expect(heard).toBe(320 + 300 * 16_000);
    expect(await client.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
  });

  it('comes to the client, and no more than it reads', async () => {
    const { client } = await bench.ready();
    const before = bench.rooms.joined.length;
    client.send(tone(20));
    const { audio } = await joined(before);
    await sleep(20);
    audio.play(new Int16Array(2400).fill(1000));
    await until('it is heard', () => client.sound.length >= 4800);
    client.socket.pause();
    const memory = usedBytes();
    // Ten minutes of sound at once.
    for (let no = 0; no < 30_000; no += 1) audio.play(new Int16Array(480).fill(1000));
    await until('nearly nothing is held', () => usedBytes() - memory < 1_000_000);
    audio.clear();
    client.socket.resume();
    await sleep(200);
    expect(client.sound.length).toBeLessThan(5_000_000);
    expect(await client.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
  });

  it('is cut when history says so, and when the client says so', async () => {
    const { client, conversationId } = await bench.ready();
    const before = bench.rooms.joined.length;
    client.send(tone(20));
    const place = await joined(before);
    const now = new Date().toISOString();
    const speech = { generated: 'Hello there', spoken: 'Hello', startedAt: now, endedAt: now };
    await bench.change(conversationId, {
      speech: { ...speech, spoken: 'Hello there', interruptedAtMs: null },
    });
    await bench.change(conversationId, { speech: { ...speech, interruptedAtMs: 400 } });
    await client.heard('interrupted');
    client.send({ type: 'interrupt' });
    await client.heard('interrupted', 2);
    await bench.change(conversationId, { speech: { ...speech, interruptedAtMs: 300 } });
    expect(await client.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
    await sleep(100);
    expect(client.of('interrupted')).toHaveLength(2);
    expect(place.cuts).toBe(1);
    client.send({ type: 'dtmf', digit: '*' });
    await until('the key', () => place.keys[0] === '*');
  });

  it('ends from either side, once', async () => {
    const { client } = await bench.ready();
    const before = bench.rooms.joined.length;
    client.send(tone(20));
    const place = await joined(before);
    await sleep(20);
    place.audio.end('call_ended');
    await client.heard('end');
    client.send(tone(20));
    expect(await client.answerTo({ type: 'ping' })).toEqual({ type: 'pong' });
    expect(bench.rooms.joined).toHaveLength(before + 1);
    const calls = bench.calls.length;
    client.socket.close();
    await sleep(100);
    expect(bench.calls).toHaveLength(calls);
  });

  it('ends with a client that is gone before the room is there', async () => {
    close();
    const { client } = await bench.ready();
    const started = bench.started.length;
    const before = bench.rooms.joined.length;
    client.send(tone(20));
    await until('the call is started', () => bench.started[started]);
    client.socket.terminate();
    await until('it is ended', () => bench.calls.at(-1)?.callId === bench.started[started]?.callId);
    expect(bench.calls.at(-1)?.cause).toBe('connection_lost');
    open();
    const place = await joined(before);
    await until('the room is left', () => place.left);
  });
});
