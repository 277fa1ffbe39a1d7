import { Injectable } from '@nestjs/common';
import {
  notFound,
  ProblemError,
  receiveLiveKitEvent,
  servicePrincipal,
  unauthorized,
  unavailable,
} from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.ts';
import { sendProblem } from '../http/problems.ts';

const BODY_LIMIT = 256 * 1024;
const DEADLINE_MS = 5000;
/** Passed on at once: whoever has no key can send them, too, and is not to take the place of other requests. */
const OPEN_LIMIT = 100;

/** LiveKit's webhooks: passed on as they came, to the one who holds the key they are signed with. */
@Injectable()
export class LiveKitRoutes {
  private open = 0;

  constructor(
    private readonly operations: OperationClient,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  register(fastify: FastifyInstance): void {
    fastify.post('/api/v1/webhooks/livekit', { bodyLimit: BODY_LIMIT }, async (request, reply) => {
      try {
        return await this.receive(request, reply);
      } catch (error) {
        return sendProblem(request, reply, error);
      }
    });
  }

  private async receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (!this.config.SERVICES.split(',').includes('telephony')) throw notFound('The webhook');
    const { authorization } = request.headers;
    if (!authorization || authorization.length > 8000)
      throw unauthorized('The webhook carries no signature.');
    if (this.open >= OPEN_LIMIT)
      throw unavailable('Too many webhooks wait for telephony. Send it again in a second.');
    const body = ((request.body as Buffer | undefined) ?? Buffer.alloc(0)).toString('utf8');
    this.open += 1;
    try {
      await this.pass({ authorization, body }, request.id);
    } finally {
      this.open -= 1;
    }
    return reply.code(200).type('application/json').send('{}');
  }

  /** Nothing has happened for sure while telephony is away: LiveKit sends it again, and a repeat acts once. */
  private async pass(input: { authorization: string; body: string }, requestId: string): Promise<void> {
    try {
      await this.operations.request(receiveLiveKitEvent, input, {
        principal: servicePrincipal('channel-gateway'),
        requestId,
        idempotencyKey: eventIdOf(input.body),
        deadlineMs: DEADLINE_MS,
      });
    } catch (error) {
      if (error instanceof ProblemError && error.status === 504)
        throw unavailable('Telephony does not answer. Send it again in a second.');
      throw error;
    }
  }
}

/** What is no event of LiveKit has no id, and no signature either. */
function eventIdOf(body: string): string | null {
  try {
    const { id } = JSON.parse(body) as { id?: unknown };
    return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}
