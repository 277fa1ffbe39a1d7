import { Injectable } from '@nestjs/common';
import { messageReceived, notFound, ProblemError, unauthorized, unavailable } from '@parley/contracts';
import { EventPublisher } from '@parley/messaging';
import { Logger, Metrics } from '@parley/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ChannelAdapter, InboundMessage } from '../adapters/adapter.ts';
import { adapterOf } from '../adapters/index.ts';
import { ChannelDirectory, type KnownChannel } from '../channels/channel-directory.service.ts';
import { requireJson } from '../http/json.ts';
import { RateLimits } from '../http/rate-limits.service.ts';
import { sendProblem } from '../http/problems.ts';
import { InboundAttachments } from './inbound-attachments.service.ts';

const BODY_LIMIT = 3 * 1024 * 1024;
const WAITING_LIMIT = 5000;

/** Providers' webhooks: verified over the raw body, stored by NATS, then answered; PostgreSQL has no part in it. */
@Injectable()
export class WebhooksRoutes {
  constructor(
    private readonly directory: ChannelDirectory,
    private readonly facts: EventPublisher,
    private readonly limits: RateLimits,
    private readonly attachments: InboundAttachments,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  register(fastify: FastifyInstance): void {
    fastify.post(
      '/api/v1/webhooks/:provider/:channelId',
      { bodyLimit: BODY_LIMIT },
      async (request, reply) => {
        try {
          return await this.receive(request, reply);
        } catch (error) {
          return sendProblem(request, reply, error);
        }
      },
    );
  }

  private async receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { provider, channelId } = request.params as { provider: string; channelId: string };
    const adapter = adapterOf(provider);
    const channel = this.directory.find(channelId);
    if (!adapter || !channel || channel.deploymentType.toLowerCase() !== provider)
      throw notFound('The channel');
    const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
    const secret = this.directory.secretOf(channel);
    const headers = request.headers as Record<string, string | undefined>;
    if (!secret || !adapter.verify({ headers, body, now: Date.now() }, secret))
      throw unauthorized('The signature is missing or wrong.');
    this.limits.takeWebhook(channelId);
    // Some senders name no type; another one is a mistake.
    if (adapter.json && headers['content-type']) requireJson(headers['content-type']);
    const messages = adapter.parse(body);
    if (channel.status === 'active')
      await this.publish(channel, await this.attachments.confirm(channel.spaceId, messages));
    else this.drop(channel, messages);
    const answer = answerOf(adapter, channel, messages);
    return reply.code(answer.status).type('application/json').send(JSON.stringify(answer.body));
  }

  private drop({ id: channelId, deploymentType, status }: KnownChannel, messages: InboundMessage[]): void {
    this.metrics.count('webhook_messages_dropped', { type: deploymentType, status }, messages.length);
    this.logger.info({ channelId, status }, 'Message of an inactive channel dropped');
  }

  private async publish(channel: KnownChannel, messages: InboundMessage[]): Promise<void> {
    if (this.facts.waiting > WAITING_LIMIT)
      throw unavailable('Too many messages wait to be stored. Send it again in a second.');
    const { id: channelId, spaceId, deploymentType, target, targetName, language } = channel;
    const receivedAt = new Date().toISOString();
    try {
      await Promise.all(
        messages.map((message) =>
          this.facts.publish(messageReceived, spaceId, {
            channelId,
            deploymentType,
            target,
            targetName,
            receivedAt,
            ...(language === null ? {} : { language }),
            ...message,
          } as Parameters<typeof this.facts.publish<typeof messageReceived>>[2]),
        ),
      );
    } catch (error) {
      throw new ProblemError({
        status: 503,
        code: 'unavailable',
        detail: 'The message could not be stored. Send it again in a second.',
        retryAfterSeconds: 1,
        cause: error,
      });
    }
  }
}

/** A channel that is not active still answers 200: its provider shall not try again. */
function answerOf(
  adapter: ChannelAdapter,
  channel: KnownChannel,
  messages: InboundMessage[],
): { status: number; body: unknown } {
  if (channel.status === 'active') return adapter.answer(messages);
  return { status: 200, body: adapter.answerInactive?.(messages) ?? adapter.answer(messages).body };
}
