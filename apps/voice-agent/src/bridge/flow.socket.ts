import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  admitFlowSession,
  type CallCause,
  flowCloseCodes,
  ProblemError,
  servicePrincipal,
} from '@parley/contracts';
import { EventPublisher, type NatsConnection, OperationClient } from '@parley/messaging';
import {
  ClientAddresses,
  ConnectionLimiter,
  guardedServerOptions,
  InjectConfig,
  InjectNats,
  Logger,
  type Rate,
  TokenBuckets,
} from '@parley/service';
import { type WebSocket, WebSocketServer } from 'ws';
import type { BridgeConfig } from '../config.ts';
import { CallRooms } from './call-audio.ts';
import { ChannelEnds } from './channel-ends.ts';
import { FlowSession } from './flow-session.ts';
import { SessionOpening } from './session-opening.ts';
import { service, type SessionChannel, type SessionParts } from './session-parts.ts';
import { SocketLine } from './socket-line.ts';

const FRAME_BYTES = 1024 * 1024;
/** Bytes that are read of a session: a page may send a file of sound at once. */
const INBOUND: Rate = { perSecond: 1024 * 1024, burst: 16 * 1024 * 1024 };
const TOO_MANY = 'Too many sessions. Close one, or try again in a minute.';
const PATH = /^\/ws\/flow\/([^/]{1,100})$/;

/** The closes of a session that was not let in. */
const closes = {
  bad_token: { code: flowCloseCodes.unauthorized, reason: 'The session token is unknown, used or too old.' },
  origin: {
    code: flowCloseCodes.forbidden,
    reason: "This page's origin is not among the channel's allowedOrigins.",
  },
  unknown_flow: { code: flowCloseCodes.notFound, reason: 'No active web channel has this flow.' },
} as const;

/** `/ws/flow/:flowId`: sound and text of a flow, for one's own page. */
@Injectable()
export class FlowSocket implements OnModuleInit, OnModuleDestroy {
  private readonly server = new WebSocketServer({ ...guardedServerOptions, maxPayload: FRAME_BYTES });
  private readonly count: ConnectionLimiter;
  private readonly attempts: TokenBuckets;
  /** Sessions that an origin has let in, of each channel. */
  private readonly ofChannel: ConnectionLimiter;
  private readonly perChannel: TokenBuckets;
  private readonly channelEnds: ChannelEnds;
  private readonly addresses: ClientAddresses;
  private readonly parts: SessionParts;
  private readonly endings = new Set<Promise<void>>();
  private readonly sessions = new Set<FlowSession>();

  constructor(
    operations: OperationClient,
    facts: EventPublisher,
    rooms: CallRooms,
    private readonly logger: Logger,
    @InjectNats() nats: NatsConnection,
    @InjectConfig() private readonly config: BridgeConfig,
  ) {
    this.parts = { nats, operations, facts, rooms, logger };
    this.addresses = new ClientAddresses(config.TRUSTED_PROXIES);
    this.channelEnds = new ChannelEnds(nats, logger);
    this.count = new ConnectionLimiter({
      total: config.BRIDGE_MAX_SESSIONS,
      perKey: config.BRIDGE_MAX_SESSIONS_PER_ADDRESS,
    });
    this.ofChannel = new ConnectionLimiter({
      total: config.BRIDGE_MAX_SESSIONS,
      perKey: config.BRIDGE_MAX_SESSIONS_PER_CHANNEL,
    });
    this.attempts = new TokenBuckets(perMinute(config.BRIDGE_SESSIONS_PER_MINUTE_PER_ADDRESS));
    this.perChannel = new TokenBuckets(perMinute(config.BRIDGE_SESSIONS_PER_MINUTE_PER_CHANNEL));
  }

  onModuleInit(): void {
    this.channelEnds.listen((channelId) => {
      for (const session of this.sessions) if (session.channelId === channelId) this.turnOut(session);
    });
  }

  /** Takes an upgrade of its own path; false for any other. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const asked = readAddress(request.url ?? '');
    if (!asked) return false;
    this.server.handleUpgrade(request, socket, head, (webSocket) => this.open(webSocket, request, asked));
    return true;
  }

  async onModuleDestroy(): Promise<void> {
    this.channelEnds.close();
    for (const client of this.server.clients) client.close(1001, 'The server goes down. Connect again.');
    for (const session of this.sessions) this.end(session, 'connection_lost');
    await Promise.allSettled(this.endings);
    for (const client of this.server.clients) client.terminate();
  }

  private open(socket: WebSocket, request: IncomingMessage, asked: Asked): void {
    socket.on('error', (error) => this.logger.debug({ err: error }, 'Socket failed'));
    const line = new SocketLine(socket, { idleMs: this.config.BRIDGE_IDLE_MS, inbound: INBOUND });
    const address = this.addresses.networkOf(request);
    if (!this.attempts.tryTake(address)) return line.cut(flowCloseCodes.tooMany, TOO_MANY);
    const leave = this.count.acquire(address);
    if (!leave) return line.cut(flowCloseCodes.tooMany, TOO_MANY);
    line.onClose(leave);
    // What is sent before the session stands waits at the client.
    line.hold('start');
    this.start({ line, request, asked }).catch((error: unknown) => this.fail(line, error));
    return undefined;
  }

  private async start(of: { line: SocketLine; request: IncomingMessage; asked: Asked }): Promise<void> {
    const { line, request, asked } = of;
    const channel = await this.admit(request, asked, line);
    if (!channel || !line.isOpen) return;
    if (asked.token === null && !this.enterChannel(channel.channelId, line)) return;
    const session = new FlowSession(this.parts, new SessionOpening(this.parts, channel), line);
    this.sessions.add(session);
    line.onMessage((data, binary) => session.receive(data, binary));
    line.onClose((code) => this.end(session, code === 1006 ? 'connection_lost' : 'caller_left'));
    if (this.channelEnds.has(channel.channelId)) return this.turnOut(session);
    session.begin();
    line.letGo('start');
  }

  /** Whoever comes from an allowed page is nobody in particular: the channel takes only so many of them. */
  private enterChannel(channelId: string, line: SocketLine): boolean {
    const leave = this.perChannel.tryTake(channelId) ? this.ofChannel.acquire(channelId) : null;
    if (leave) line.onClose(leave);
    else line.cut(flowCloseCodes.tooMany, 'The channel has too many sessions. Try again in a minute.');
    return leave !== null;
  }

  private turnOut(session: FlowSession): void {
    this.end(session, 'channel_inactive');
    session.close(flowCloseCodes.unauthorized, 'The channel was deactivated or deleted.');
  }

  private async admit(
    { headers }: IncomingMessage,
    { flowId, token }: Asked,
    line: SocketLine,
  ): Promise<SessionChannel | null> {
    const origin = headers.origin ?? null;
    // What is too long to be right is as wrong when it is cut.
    const cut = (text: string | null, most: number): string | null => text?.slice(0, most) ?? null;
    const { body } = await this.parts.operations.request(
      admitFlowSession,
      { flowId, origin: cut(origin, 300), token: cut(token, 500) },
      { principal: servicePrincipal(service) },
    );
    if (body.channel) return body.channel;
    const { code, reason } = closes[body.refusal ?? 'unknown_flow'];
    line.close(code, reason);
    return null;
  }

  private fail(line: SocketLine, error: unknown): void {
    this.logger.warn({ err: error }, 'Opening a session failed');
    // What cannot be read as a request names no flow.
    const isWrong = error instanceof ProblemError && error.status < 500 && error.status !== 429;
    if (isWrong) line.close(flowCloseCodes.notFound, closes.unknown_flow.reason);
    else line.close(1013, 'The service is busy or unavailable. Connect again in a few seconds.');
  }

  private end(session: FlowSession, cause: CallCause): void {
    if (!this.sessions.delete(session)) return;
    const ending = session.end(cause);
    this.endings.add(ending);
    void ending.finally(() => this.endings.delete(ending));
  }
}

function perMinute(count: number): Rate {
  return { perSecond: count / 60, burst: count };
}

interface Asked {
  flowId: string;
  token: string | null;
}

function readAddress(url: string): Asked | null {
  if (!URL.canParse(url, 'ws://bridge')) return null;
  const { pathname, searchParams } = new URL(url, 'ws://bridge');
  const [, flowId] = PATH.exec(pathname) ?? [];
  return flowId ? { flowId, token: searchParams.get('session') } : null;
}
