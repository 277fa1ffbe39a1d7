import { setTimeout as sleep } from 'node:timers/promises';
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  dispose,
  LocalAudioTrack,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node';
import { callTopics } from '@parley/contracts';
import { createLogger } from '@parley/service';
import {
  decodeMulaw,
  encodeMulaw,
  type LiveKitServer,
  rms,
  startLiveKitServer,
  TwilioMediaClient,
  until,
} from '@parley/testing';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { type BridgeBench, type Client, openBridgeBench, tone } from '../../test/bridge-bench.ts';
import type { BridgeConfig } from '../config.ts';
import { LiveKitRooms } from './livekit-rooms.adapter.ts';

const key = { apiKey: 'parley', apiSecret: 'a-secret-of-thirty-two-characters' };

async function tokenFor(room: string, identity: string): Promise<string> {
  const token = new AccessToken(key.apiKey, key.apiSecret, { identity });
  token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, canUpdateOwnMetadata: true });
  return token.toJwt();
}

/** How often a second the sound goes up through zero: the pitch of a tone. */
function pitchOf(samples: Int16Array, rate: number): number {
  let crossings = 0;
  for (let index = 1; index < samples.length; index += 1)
    if ((samples[index - 1] ?? 0) < 0 && (samples[index] ?? 0) >= 0) crossings += 1;
  return (crossings * rate) / samples.length;
}

const samplesOf = (bytes: Buffer): Int16Array =>
  new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

/** An agent that plays what it is told and keeps what it hears. */
class PlayedAgent {
  readonly room = new Room();
  readonly heard: number[] = [];
  readonly keys: string[] = [];
  readonly topics: string[] = [];
  readonly source = new AudioSource(24_000, 1, 5000);

  async join(url: string, callId: string): Promise<this> {
    this.room.on(RoomEvent.TrackSubscribed, (track) => void this.listen(track as never));
    this.room.on(RoomEvent.DtmfReceived, (_code, digit) => this.keys.push(digit));
    this.room.on(RoomEvent.DataReceived, (_data, _from, _kind, topic) => this.topics.push(topic ?? ''));
    await this.room.connect(url, await tokenFor(callId, 'agent'), { autoSubscribe: true, dynacast: false });
    const track = LocalAudioTrack.createAudioTrack('agent', this.source);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await this.room.localParticipant?.publishTrack(track, options);
    return this;
  }

  state(state: string): Promise<void> | undefined {
    return this.room.localParticipant?.setAttributes({ 'lk.agent.state': state });
  }

  async play(bytes: Buffer): Promise<void> {
    const samples = samplesOf(bytes);
    for (let at = 0; at < samples.length; at += 480) {
      const piece = samples.slice(at, at + 480);
      await this.source.captureFrame(new AudioFrame(piece, 24_000, 1, piece.length));
    }
  }

  private async listen(track: never): Promise<void> {
    for await (const frame of new AudioStream(track, { sampleRate: 16_000, numChannels: 1 }))
      this.heard.push(...frame.data);
  }
}

describe('The sound of a session in a LiveKit room', () => {
  let liveKit: LiveKitServer;
  let bench: BridgeBench;
  const agents: PlayedAgent[] = [];

  beforeAll(async () => {
    liveKit = await startLiveKitServer(key);
    bench = await openBridgeBench();
    bench.issue = (callId) => tokenFor(callId, 'caller');
    const logger = createLogger({ name: 'bridge-spec', level: 'silent' });
    const config = { LIVEKIT_URL: liveKit.url } as BridgeConfig;
    await bench.start({ MEDIA_MAX_STREAMS: 4 }, new LiveKitRooms(config, logger));
  }, 120_000);

  afterAll(async () => {
    await Promise.all(agents.map(({ room }) => room.disconnect()));
    await bench.close();
    await liveKit.process.stop('SIGKILL');
    await dispose();
  });

  /** A client that sends a tone from its first frame on, and the agent of its call. */
  async function talk(): Promise<{ client: Client; agent: PlayedAgent; callId: string; stop(): void }> {
    const { client } = await bench.ready();
    const before = bench.started.length;
    const sound = tone(20);
    client.send(sound);
    const timer = setInterval(
      () => client.socket.readyState === client.socket.OPEN && client.send(sound),
      20,
    );
    await until('the call is started', () => bench.started[before]);
    const { callId } = bench.started[before] ?? { callId: '' };
    const agent = await new PlayedAgent().join(liveKit.url, callId);
    agents.push(agent);
    return { client, agent, callId, stop: () => clearInterval(timer) };
  }

  it('goes both ways, with states, keys and cuts', async () => {
    const { client, agent, stop } = await talk();
    await until('the agent hears', () => agent.heard.length > 16_000, 10_000);
    stop();
    // 20 ms hold 8.8 periods of 440 Hz: each piece begins anew, so the pitch is near, not exact.
    const heard = Int16Array.from(agent.heard.slice(-12_000));
    expect(Math.abs(pitchOf(heard, 16_000) - 440)).toBeLessThan(40);

    await agent.state('speaking');
    await client.heard('state');
    await agent.play(tone(1000, 24_000));
    await until('the client hears', () => client.sound.length > 36_000, 10_000);
    const pitch = pitchOf(samplesOf(client.sound.subarray(4800, 33_600)), 24_000);
    expect(Math.abs(pitch - 440)).toBeLessThan(10);
    expect(Math.min(...client.pieces)).toBeGreaterThanOrEqual(960);
    expect(Math.max(...client.pieces)).toBeLessThanOrEqual(4800);
    await agent.state('listening');
    await client.heard('state', 2);
    expect(client.of('state').map(({ state }) => state)).toEqual(['speaking', 'listening']);

    client.send({ type: 'dtmf', digit: '#' });
    await until('the key', () => agent.keys[0] === '#');
    client.send({ type: 'interrupt' });
    await client.heard('interrupted');
    await until('the cut', () => agent.topics.includes('parley.interrupt'));

    // Silence is not sent.
    await sleep(1000);
    const before = client.sound.length;
    await sleep(500);
    expect(client.sound.length).toBe(before);
  }, 60_000);

  it("carries a telephone's sound both ways, without what a telephone cannot carry, and is cleared with a cut", async () => {
    const before = bench.started.length;
    bench.tokens.add('phone');
    const callSid = `CA${'1'.repeat(32)}`;
    const caller = await TwilioMediaClient.open({
      ...{ url: `${bench.url}/ws/media/twilio/chan_calls`, accountSid: `AC${'0'.repeat(32)}`, callSid },
      parameters: { token: 'phone' },
    });
    const { callId } = await until('the call is started', () => bench.started[before]);
    await sleep(1500);
    const agent = await new PlayedAgent().join(liveKit.url, callId);
    agents.push(agent);
    await until('the agent hears the line', () => agent.heard.length > 1600, 10_000);
    // What the line sent before anybody listened is no reason to be late with all that comes.
    await sleep(500);
    const heardBefore = agent.heard.length;
    const spoken = performance.now();
    const saying = caller.sendAudio(encodeMulaw(samplesOf(tone(1500, 8000))));
    await until('the tone', () => agent.heard.slice(heardBefore).some((sample) => Math.abs(sample) > 3000));
    expect(performance.now() - spoken).toBeLessThan(400);
    await saying;
    const heard = Int16Array.from(agent.heard.slice(-12_000));
    expect(Math.abs(pitchOf(heard, 16_000) - 440)).toBeLessThan(10);

    const sung = performance.now();
    await agent.play(tone(1000, 24_000));
    await until('the caller hears', () => caller.playedSince(sung).length > 7000, 10_000);
    const low = decodeMulaw(caller.playedSince(sung)).subarray(1600, 6400);
    expect(Math.abs(pitchOf(low, 8000) - 440)).toBeLessThan(10);
    await until('it is over', () => performance.now() - sung > 2500);
    const high = performance.now();
    const whistle = Int16Array.from({ length: 24_000 }, (_none, at) =>
      Math.round(8000 * Math.sin((2 * Math.PI * 6000 * at) / 24_000)),
    );
    await agent.play(Buffer.from(whistle.buffer));
    await sleep(1500);
    // 6 kHz would come back as 2 kHz, as loud as it was; what is left of it here is a thirtieth, give or take the codec.
    expect(rms(decodeMulaw(caller.playedSince(high)))).toBeLessThan(rms(low) / 20);

    void agent.play(tone(3000, 24_000)).catch(() => undefined);
    const loud = caller.played.length;
    await until('the caller hears again', () => caller.played.length > loud + 20, 10_000);
    const cut = performance.now();
    agent.source.clearQueue();
    await agent.room.localParticipant?.publishData(new Uint8Array(), {
      ...{ reliable: true, topic: callTopics.cut },
    });
    const [cleared = 0] = await until('clear', () => (caller.clears.length > 0 ? caller.clears : null));
    expect(cleared - cut).toBeLessThan(200);
    caller.hangUp();
    await until('the call is ended', () => bench.calls.some((one) => one.callId === callId));
  }, 60_000);

  it('carries four telephone calls at once, each whole', async () => {
    const calls = await Promise.all(
      [...'abcd'].map(async (letter) => {
        const callSid = `CA${letter.repeat(32)}`;
        bench.tokens.add(letter);
        const caller = await TwilioMediaClient.open({
          ...{ url: `${bench.url}/ws/media/twilio/chan_calls`, accountSid: `AC${'0'.repeat(32)}`, callSid },
          parameters: { token: letter },
        });
        const { callId } = await until('the call is started', () =>
          bench.started.find(({ providerCallId }) => providerCallId === callSid),
        );
        const agent = await new PlayedAgent().join(liveKit.url, callId);
        agents.push(agent);
        await until('the agent hears the line', () => agent.heard.length > 1600, 10_000);
        return { caller, agent };
      }),
    );
    const began = performance.now();
    const seconds = 3;
    await Promise.all(calls.map(({ agent }) => agent.play(tone(seconds * 1000, 24_000))));
    const frames = seconds * 50;
    for (const { caller } of calls) {
      // Where the machine stands still, sound comes late and in pieces; it comes all the same.
      const loud = (): number =>
        caller.played.filter(({ at, bytes }) => at >= began && rms(decodeMulaw(bytes)) > 1000).length;
      await until('it is heard', () => loud() >= frames * 0.95, 10_000);
      expect(caller.rejectedMessages).toEqual([]);
      caller.hangUp();
    }
  }, 60_000);

  it('ends with the room; text goes on', async () => {
    const { client, callId, stop } = await talk();
    const rooms = new RoomServiceClient(liveKit.url.replace('ws', 'http'), key.apiKey, key.apiSecret);
    await rooms.deleteRoom(callId);
    expect(await client.heard('end')).toEqual({ type: 'end', reason: 'call_ended' });
    stop();
    client.send({ type: 'text', text: 'And now?' });
    await until('the answer', () =>
      client.of('transcript').some(({ text }) => text === 'You said: And now?'),
    );
    expect(bench.turns.at(-1)?.callId).toBeNull();
    expect(client.of('end')).toHaveLength(1);
  }, 60_000);

  it('leaves the room with the socket, and the call is ended', async () => {
    const { client, agent, callId, stop } = await talk();
    await until('the caller is there', () => agent.room.remoteParticipants.size === 1, 10_000);
    client.socket.close();
    stop();
    await until('the call is ended', () => bench.calls.some((one) => one.callId === callId));
    await until('the caller is gone', () => agent.room.remoteParticipants.size === 0, 10_000);
    expect(bench.calls.at(-1)).toMatchObject({ callId, cause: 'caller_left' });
  }, 60_000);
});
