import { dispose, Room } from '@livekit/rtc-node';
import { type Call, type CallJob, getCall, issueCallToken } from '@parley/contracts';
import { AccessToken, AgentDispatchClient, RoomServiceClient } from 'livekit-server-sdk';
import type { TelephonyBench, Webhook } from './bench.ts';
import { liveKitKey } from './pod.ts';

const { apiKey, apiSecret } = liveKitKey;

/** Callers and agents in rooms of the bench's LiveKit, as real participants. */
export class Rooms {
  readonly service: RoomServiceClient;
  readonly dispatches: AgentDispatchClient;
  private readonly bench: TelephonyBench;
  private readonly joined: Room[] = [];

  constructor(bench: TelephonyBench) {
    const host = bench.liveKit.url.replace('ws', 'http');
    this.bench = bench;
    this.service = new RoomServiceClient(host, apiKey, apiSecret);
    this.dispatches = new AgentDispatchClient(host, apiKey, apiSecret);
  }

  async join(token: string): Promise<Room> {
    const room = new Room();
    this.joined.push(room);
    await room.connect(this.bench.liveKit.url, token, { autoSubscribe: false, dynacast: false });
    return room;
  }

  /** A visitor's way into a call: a token, and the room it opens. */
  async callIn(): Promise<{ job: CallJob; callId: string; room: Room; token: string }> {
    const access = await this.access();
    return { ...access, room: await this.join(access.token) };
  }

  async access(): Promise<{ job: CallJob; callId: string; token: string }> {
    const { bench } = this;
    const { callId: _call, spaceId: _space, generation: _first, direction: _way, ...known } = bench.job();
    const { callId, participantToken: token } = await bench.call(issueCallToken, known);
    return { job: bench.job({ callId }), callId, token };
  }

  /** Somebody of LiveKit's kind `agent`. */
  async joinAsAgent(callId: string, identity = 'agent-one'): Promise<Room> {
    const token = new AccessToken(apiKey, apiSecret, { identity });
    token.kind = 'agent';
    token.addGrant({ roomJoin: true, room: callId, agent: true, canPublish: true, canSubscribe: true });
    return this.join(await token.toJwt());
  }

  /** How our agents were called; a room has a dispatch for agents without name, too. */
  async called(callId: string): Promise<{ id: string; metadata: string }[]> {
    const all = await this.dispatches.listDispatch(callId);
    return all.filter(({ agentName }) => agentName === 'parley');
  }

  /** What they were called with. */
  async jobs(callId: string): Promise<CallJob[]> {
    return (await this.called(callId)).map(({ metadata }) => JSON.parse(metadata) as CallJob);
  }

  find(callId: string): Promise<Call | null> {
    return this.bench.call(getCall, { callId }).catch(() => null);
  }

  inPhase(callId: string, phase: Call['phase'], patienceMs?: number): Promise<Call> {
    const look = async (): Promise<Call | false> => {
      const call = await this.find(callId);
      return call?.phase === phase && call;
    };
    return this.bench.until(look, `The phase ${phase}`, patienceMs);
  }

  isThere(callId: string): Promise<boolean> {
    return this.bench.until(async () => (await this.service.listRooms([callId])).length > 0, 'The room');
  }

  isGone(callId: string): Promise<boolean> {
    return this.bench.until(
      async () => (await this.service.listRooms([callId])).length === 0,
      'The end of the room',
    );
  }

  webhook(event: string, room: string): Promise<Webhook> {
    return this.bench.until(
      () => this.bench.webhooks.find((one) => one.event === event && one.room === room),
      `The webhook ${event}`,
    );
  }

  async close(): Promise<void> {
    for (const room of this.joined) await room.disconnect().catch(() => undefined);
    await dispose();
  }
}

/** A webhook as LiveKit would sign it. */
export async function signed(body: string): Promise<{ authorization: string; body: string }> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  const token = new AccessToken(apiKey, apiSecret, { ttl: 60 });
  token.sha256 = Buffer.from(hash).toString('base64');
  return { authorization: await token.toJwt(), body };
}
