import { Injectable } from '@nestjs/common';
import {
  notFound,
  ProblemError,
  receiveProviderStatus,
  servicePrincipal,
  type TwilioCredentials,
  unavailable,
} from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import { InjectConfig, Logger } from '@parley/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { verifySignature } from '../adapters/twilio/signature.ts';
import { ChannelDirectory, type KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import { sendProblem } from '../http/problems.ts';
import { issueStreamToken } from './stream-token.ts';
import { connectTwiml, emptyTwiml, hangUpTwiml, rejectTwiml } from './twiml.ts';
import { readStatusRequest, readVoiceRequest, type StatusRequest } from './twilio-request.ts';

const BODY_LIMIT = 64 * 1024;
const DEADLINE_MS = 5000;
const path = '/api/v1/webhooks/twilio/:channelId';

interface Asked {
  channel: KnownChannel;
  credentials: TwilioCredentials;
  body: Buffer;
  contentType: string | undefined;
  /** The call, where the platform placed it. */
  callId: string | null;
  requestId: string;
}

/** Twilio's webhooks of calls. What is asked when a call rings is answered from memory: PostgreSQL has no part in it. */
@Injectable()
export class TwilioRoutes {
  constructor(
    private readonly directory: ChannelDirectory,
    private readonly operations: OperationClient,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  register(fastify: FastifyInstance): void {
    const open = (url: string, answer: (asked: Asked) => string | Promise<string>): void => {
      fastify.post(url, { bodyLimit: BODY_LIMIT }, async (request, reply) => {
        try {
          return await sendXml(reply, await answer(this.admit(request)));
        } catch (error) {
          return sendProblem(request, reply, error);
        }
      });
    };
    open(path, (asked) => this.ring(asked));
    open(`${path}/status`, (asked) => this.tell(asked));
  }

  /** A call asks what to do. */
  private async ring(asked: Asked): Promise<string> {
    const { channel, credentials, callId } = asked;
    const call = readVoiceRequest(asked.body, asked.contentType);
    if (channel.status !== 'active' || !this.hasTelephony()) {
      this.logger.info({ channelId: channel.id, status: channel.status }, 'Call rejected');
      return call.isOutbound ? hangUpTwiml : rejectTwiml;
    }
    const { callSid, from, to, isOutbound, answeredBy } = call;
    if (isOutbound && answeredBy !== null && /^(?:machine|fax)/.test(answeredBy)) {
      await this.pass(asked, { callSid, status: 'in-progress', sequenceNumber: null, answeredBy });
      return hangUpTwiml;
    }
    const direction = isOutbound ? 'outbound' : 'inbound';
    const grant = { channelId: channel.id, callSid, direction, from, to, callId } as const;
    const url = `${this.publicUrl().replace(/^http/, 'ws')}/ws/media/twilio/${channel.id}`;
    return connectTwiml({ url, token: issueStreamToken(grant, credentials.authToken) });
  }

  /** News of a call; those of a channel that is not active any more count as well. */
  private async tell(asked: Asked): Promise<string> {
    const status = readStatusRequest(asked.body, asked.contentType);
    if (this.hasTelephony()) await this.pass(asked, status);
    return emptyTwiml;
  }

  /** Twilio comes again where nothing was stored, and a repeat acts once. */
  private async pass({ channel, callId, requestId }: Asked, status: StatusRequest): Promise<void> {
    const { spaceId, id: channelId } = channel;
    const { callSid: providerCallId, ...news } = status;
    try {
      await this.operations.request(
        receiveProviderStatus,
        { spaceId, channelId, providerCallId, callId, ...news },
        { principal: servicePrincipal('channel-gateway', spaceId), requestId, deadlineMs: DEADLINE_MS },
      );
    } catch (error) {
      if (error instanceof ProblemError && error.status === 504)
        throw unavailable('Telephony does not answer. Send it again in a second.');
      throw error;
    }
  }

  /** The channel that a request is for, once its signature is right. */
  private admit(request: FastifyRequest): Asked {
    const { channelId } = request.params as { channelId: string };
    const channel = this.directory.find(channelId);
    if (channel?.provider !== 'twilio') throw notFound('The channel');
    const credentials = this.directory.credentialsOf(channel);
    const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
    const contentType = request.headers['content-type'];
    const signature = request.headers['x-twilio-signature'];
    const signed = {
      url: `${this.publicUrl()}${request.raw.url ?? ''}`,
      signature: typeof signature === 'string' ? signature : undefined,
      ...{ contentType, body },
    };
    if (!credentials || !verifySignature(signed, credentials.authToken)) throw badSignature();
    const { call } = request.query as { call?: unknown };
    const callId = typeof call === 'string' && /^call_[0-9a-z]{1,60}$/.test(call) ? call : null;
    return { channel, credentials, body, contentType, callId, requestId: request.id };
  }

  private hasTelephony(): boolean {
    return this.config.SERVICES.split(',').includes('telephony');
  }

  private publicUrl(): string {
    const { PUBLIC_URL } = this.config;
    if (!PUBLIC_URL)
      throw unavailable(
        'PUBLIC_URL is not set: set it to the address that the world reaches the gateway at.',
      );
    return PUBLIC_URL.replace(/\/+$/, '');
  }
}

function badSignature(): ProblemError {
  return new ProblemError({
    status: 401,
    code: 'bad_signature',
    detail:
      "The signature is missing or wrong. It is made with the account's auth token over PUBLIC_URL and the path: both have to be those that Twilio uses.",
  });
}

function sendXml(reply: FastifyReply, xml: string): FastifyReply {
  return reply.code(200).type('text/xml; charset=utf-8').send(xml);
}
