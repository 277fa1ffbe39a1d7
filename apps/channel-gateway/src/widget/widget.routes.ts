import { Injectable } from '@nestjs/common';
import {
  badRequest,
  getCallProfile,
  issueVisitorToken,
  listConversations,
  newId,
  notFound,
  permissionDenied,
  type Principal,
  problemDetails,
  servicePrincipal,
} from '@parley/contracts';
import { OperationClient } from '@parley/messaging';
import { InjectConfig } from '@parley/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { publicBase } from '../channels/addresses.ts';
import { ChannelDirectory, type KnownChannel } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import { AuthService } from '../http/auth.service.ts';
import { readJson, requireJson } from '../http/json.ts';
import { sendProblem } from '../http/problems.ts';
import { RateLimits } from '../http/rate-limits.service.ts';
import { originAllowed, ownOriginOf, ownOrigins } from './origins.ts';
import { VoiceAccess } from './voice-access.service.ts';

const SessionRequest = z.strictObject({
  visitorToken: z.string().max(2000).optional(),
  language: z.string().max(35).optional(),
});
const TTL_SECONDS = 30 * 24 * 3600;
/** A page waits no longer for a greeting; the widget has one of its own. */
const GREETING_MS = 1000;

/** Who opens a session. */
interface Visitor {
  contactId: string;
  visitorId: string;
  returning: boolean;
  language: string | null;
}

/** Visitors' sessions: a token for the channel, kept by the browser. */
@Injectable()
export class WidgetRoutes {
  constructor(
    private readonly directory: ChannelDirectory,
    private readonly auth: AuthService,
    private readonly operations: OperationClient,
    private readonly voice: VoiceAccess,
    private readonly limits: RateLimits,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  register(fastify: FastifyInstance): void {
    const url = '/api/v1/widget/:channelId/sessions';
    fastify.options(url, (request, reply) => {
      const allowed = this.allowed(request);
      if (allowed)
        cors(reply, request.headers.origin ?? '')
          .header('access-control-allow-headers', 'content-type')
          .header('access-control-allow-methods', 'POST');
      return reply.code(204).send();
    });
    fastify.post(url, { bodyLimit: 16_384 }, async (request, reply) => {
      try {
        return await this.open(request, reply);
      } catch (error) {
        return sendProblem(request, reply, error);
      }
    });
  }

  private allowed(request: FastifyRequest): KnownChannel | null {
    const channel = this.directory.find((request.params as { channelId: string }).channelId);
    if (!channel || channel.deploymentType !== 'WEB') return null;
    return originAllowed(channel, request.headers.origin, ownOrigins(this.config)) ? channel : null;
  }

  private async open(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const channel = this.allowed(request);
    // A page reads why it is refused, too: whether to ask again follows from it.
    if (channel) cors(reply, request.headers.origin ?? '');
    this.limits.takeSession(request);
    const known = this.directory.find((request.params as { channelId: string }).channelId);
    if (!known || known.deploymentType !== 'WEB' || known.status !== 'active') throw notFound('The channel');
    if (!channel) throw permissionDenied(originProblem(request.headers.origin));
    const body = (request.body as Buffer | undefined) ?? Buffer.from('{}');
    if (body.length > 0) requireJson(request.headers['content-type']);
    const parsed = SessionRequest.safeParse(body.length === 0 ? {} : readJson(body));
    if (!parsed.success)
      throw badRequest('The request has unknown or wrong fields.', problemDetails(parsed.error));
    const { visitorToken, language = null } = parsed.data;
    const visitor = { ...(await this.visitor(channel, visitorToken)), language };
    const session = await this.session(channel, visitor, request);
    return reply.code(201).header('cache-control', 'no-store').send(session);
  }

  /** A returning visitor stays who it was, as long as its token holds. */
  private async visitor(
    channel: KnownChannel,
    token: string | undefined,
  ): Promise<Omit<Visitor, 'language'>> {
    const known = token ? await this.auth.resolve(token).catch(() => null) : null;
    if (known?.type === 'visitor' && known.channelId === channel.id && known.contactId && known.visitorId) {
      return { contactId: known.contactId, visitorId: known.visitorId, returning: true };
    }
    return { contactId: newId('cont'), visitorId: newId('vis'), returning: false };
  }

  private async session(channel: KnownChannel, visitor: Visitor, request: FastifyRequest): Promise<object> {
    const { spaceId, id: channelId } = channel;
    const { contactId, visitorId } = visitor;
    const principal: Principal = {
      type: 'visitor',
      id: contactId,
      contactId,
      visitorId,
      channelId,
      spaces: { [spaceId]: 'visitor' },
    };
    const { widgetConfiguration } = channel.configuration as {
      widgetConfiguration?: Record<string, unknown>;
    };
    const needsGreeting = !visitor.returning && widgetConfiguration?.['greeting'] === undefined;
    const [{ body }, conversationId, access, greeting] = await Promise.all([
      this.operations.request(
        issueVisitorToken,
        { spaceId, channelId, contactId, visitorId, ttlSeconds: TTL_SECONDS },
        { principal: servicePrincipal('channel-gateway', spaceId) },
      ),
      visitor.returning ? this.latest(spaceId, channelId, principal) : null,
      this.voice.issue(channel, visitor, visitor.language),
      needsGreeting ? this.greetingOf(channel) : null,
    ]);
    return {
      visitorToken: body.visitorToken,
      spaceId,
      conversationId,
      socketUrl: this.socketUrl(request),
      ...access,
      expiresAt: body.expiresAt,
      configuration: { ...(greeting === null ? {} : { greeting }), ...widgetConfiguration },
    };
  }

  /** The agent's own greeting: the empty chat shows it, so that it is not posted behind the first message. */
  private async greetingOf({ spaceId, target }: KnownChannel): Promise<string | null> {
    const options = { principal: servicePrincipal('channel-gateway', spaceId), deadlineMs: GREETING_MS };
    try {
      const asked = { spaceId, target, conversationId: null };
      return (await this.operations.request(getCallProfile, asked, options)).body.greeting;
    } catch {
      return null;
    }
  }

  private async latest(spaceId: string, channelId: string, principal: Principal): Promise<string | null> {
    const { body } = await this.operations.request(
      listConversations,
      { spaceId, channelId, limit: 1 },
      { principal },
    );
    return body.data[0]?.id ?? null;
  }

  /** Below `PUBLIC_URL`; without one, at the gateway's own origin that the client called, else on this machine. */
  private socketUrl({ headers }: FastifyRequest): string {
    const own = ownOriginOf(headers, ownOrigins(this.config));
    const base = publicBase(this.config) ?? own ?? `http://127.0.0.1:${this.config.PORT}`;
    return `${base.replace(/^http/, 'ws')}/ws/realtime`;
  }
}

/** Why a page may not open a channel, and what its author can do. */
function originProblem(origin: string | undefined): string {
  if (origin === undefined)
    return 'The request has no Origin header, so its page cannot be checked. Open the channel from a page of an allowed origin. A server or an app uses POST /channels/:id/session-url with an API key.';
  if (origin === 'null')
    return 'The page has no origin of its own: it is a file, or a sandboxed frame. Serve it over https, or add allow-same-origin to its frame.';
  return "This page's origin may not open the channel. List it in configuration.allowedOrigins.";
}

function cors(reply: FastifyReply, origin: string): FastifyReply {
  return reply.header('access-control-allow-origin', origin).header('vary', 'origin');
}
