import { Injectable } from '@nestjs/common';
import { callerAttributes, type CallJob, CallJobSchema, unauthorized, unavailable } from '@parley/contracts';
import { requireNoTransaction } from '@parley/database';
import { RetryableError } from '@parley/messaging';
import { HealthChecks, InjectConfig } from '@parley/service';
import {
  AccessToken,
  AgentDispatchClient,
  RoomAgentDispatch,
  RoomConfiguration,
  RoomServiceClient,
  ServerError,
  TrackSource,
  WebhookReceiver,
} from 'livekit-server-sdk';
import { z } from 'zod';
import type { TelephonyConfig } from '../config.ts';
import { type RoomEvent, RoomEventSchema, type RoomParticipant } from './room-event.ts';

/** Where a client joins a room. */
export interface RoomAccess {
  callId: string;
  serverUrl: string;
  participantToken: string;
  expiresAt: string;
}

const TOKEN_SECONDS = 600;
const REQUEST_SECONDS = 3;

const ParticipantSchema = z.object({
  identity: z.string().default(''),
  sid: z.string().default(''),
  kind: z.string().default('STANDARD'),
  metadata: z.string().default(''),
  attributes: z.record(z.string(), z.string()).default({}),
});

/** The only one who speaks with LiveKit's server. */
@Injectable()
export class LiveKitAdapter {
  private readonly rooms: RoomServiceClient;
  private readonly dispatches: AgentDispatchClient;
  private readonly webhooks: WebhookReceiver;

  constructor(
    @InjectConfig() private readonly config: TelephonyConfig,
    checks: HealthChecks,
  ) {
    const { LIVEKIT_URL, LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = config;
    const host = LIVEKIT_URL.replace(/^ws/, 'http');
    const options = { requestTimeout: REQUEST_SECONDS, failover: false };
    this.rooms = new RoomServiceClient(host, key, secret, options);
    this.dispatches = new AgentDispatchClient(host, key, secret, options);
    this.webhooks = new WebhookReceiver(key, secret);
    checks.add({
      name: 'livekit',
      required: false,
      run: async () => ({ status: 'ok', rooms: (await this.roomNames()).length }),
    });
  }

  /**
   * A token with which a caller joins the room of its call; the room calls an agent when it is made, unless one is
   * called otherwise.
   */
  async access(
    job: CallJob,
    options: { callsAgent: boolean; attributes?: Readonly<Record<string, string>> },
  ): Promise<RoomAccess> {
    const { LIVEKIT_API_KEY, LIVEKIT_API_SECRET, LIVEKIT_PUBLIC_URL, LIVEKIT_URL } = this.config;
    const metadata = JSON.stringify(job);
    const token = new AccessToken(LIVEKIT_API_KEY, LIVEKIT_API_SECRET, {
      identity: `caller-${job.contactId ?? job.callId}`,
      ttl: TOKEN_SECONDS,
      metadata,
      attributes: {
        ...options.attributes,
        [callerAttributes.callId]: job.callId,
        [callerAttributes.role]: 'caller',
      },
      ...(job.sender.name ? { name: job.sender.name } : {}),
    });
    token.addGrant({
      roomJoin: true,
      room: job.callId,
      canPublish: true,
      canPublishSources: [TrackSource.MICROPHONE],
      canSubscribe: true,
      canPublishData: true,
      canUpdateOwnMetadata: false,
    });
    if (options.callsAgent) {
      const agents = [new RoomAgentDispatch({ agentName: this.config.VOICE_AGENT_NAME, metadata })];
      token.roomConfig = new RoomConfiguration({ agents });
    }
    return {
      callId: job.callId,
      serverUrl: (LIVEKIT_PUBLIC_URL ?? LIVEKIT_URL).replace(/^http/, 'ws'),
      participantToken: await token.toJwt(),
      expiresAt: new Date(Date.now() + TOKEN_SECONDS * 1000).toISOString(),
    };
  }

  /** @throws ProblemError 503 when LiveKit does not answer */
  async requireThere(callId: string): Promise<void> {
    requireNoTransaction('A request to LiveKit');
    try {
      await this.rooms.listRooms([callId]);
    } catch {
      throw unavailable('LiveKit does not answer, so that no call can be placed. Try again in a second.');
    }
  }

  /** Calls an agent into the room of a call, once for each generation; what is left of older ones has to go. */
  async dispatch(job: CallJob): Promise<void> {
    const { callId, generation } = job;
    if ((await this.roomNames([callId])).length > 0) {
      const all = await ask(() => this.dispatches.listDispatch(callId));
      const standing = all.filter(({ agentName }) => agentName === this.config.VOICE_AGENT_NAME);
      const generations = standing.map(({ metadata }) => jobOf(metadata)?.generation ?? 0);
      if (generations.some((one) => one >= generation)) return;
      for (const { id } of standing) await askGone(() => this.dispatches.deleteDispatch(id, callId));
      for (const { identity, isAgent } of await this.participants(callId))
        if (isAgent) await askGone(() => this.rooms.removeParticipant(callId, identity));
    }
    const { VOICE_AGENT_NAME } = this.config;
    await ask(() =>
      this.dispatches.createDispatch(callId, VOICE_AGENT_NAME, { metadata: JSON.stringify(job) }),
    );
  }

  /** Removes a room with everybody in it; one that is not there is as good. */
  async closeRoom(callId: string): Promise<void> {
    await askGone(() => this.rooms.deleteRoom(callId));
  }

  /** Names of the rooms that stand: of these, or of all. */
  async roomNames(names?: string[]): Promise<string[]> {
    return (await ask(() => this.rooms.listRooms(names))).map(({ name }) => name);
  }

  async participants(callId: string): Promise<RoomParticipant[]> {
    const found = await ask(() => this.rooms.listParticipants(callId));
    return found.map((one) => toParticipant(one.toJson()));
  }

  /**
   * Reads a webhook whose signature is LiveKit's.
   * @throws ProblemError 401
   */
  async readWebhook(body: string, authorization: string): Promise<RoomEvent> {
    const event = await this.webhooks.receive(body, authorization.replace(/^Bearer /i, '')).catch(() => {
      throw unauthorized("The webhook is not signed with this installation's LiveKit key.");
    });
    const { participant, ...rest } = RoomEventSchema.parse(event.toJson());
    return {
      ...rest,
      participant: participant
        ? { ...toParticipant(participant), reason: String(participant['disconnectReason'] ?? '') }
        : null,
    };
  }
}

function toParticipant(json: unknown): RoomParticipant {
  const { identity, sid, kind, metadata, attributes } = ParticipantSchema.parse(json);
  const isCaller = attributes[callerAttributes.role] === 'caller';
  return { identity, sid, isAgent: kind === 'AGENT', isCaller, job: isCaller ? jobOf(metadata) : null };
}

function jobOf(metadata: string): CallJob | null {
  try {
    return CallJobSchema.safeParse(JSON.parse(metadata)).data ?? null;
  } catch {
    return null;
  }
}

/** What is refused with a status of its own stays an error; all else passes with LiveKit's return. */
async function ask<Result>(request: () => Promise<Result>): Promise<Result> {
  requireNoTransaction('A request to LiveKit');
  try {
    return await request();
  } catch (error) {
    if (error instanceof ServerError && error.status < 500) throw error;
    throw new RetryableError('LiveKit does not answer.', { cause: error });
  }
}

async function askGone(request: () => Promise<unknown>): Promise<void> {
  try {
    await ask(request);
  } catch (error) {
    if (!(error instanceof ServerError && error.status === 404)) throw error;
  }
}
