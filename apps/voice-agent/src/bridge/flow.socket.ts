import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { admitFlowSession, newId, openForChannel, ProblemError, servicePrincipal } from '@parley/contracts';
import { FactPublisher, type NatsConnection, OperationClient } from '@parley/messaging';
import { ClientAddresses, InjectConfig, InjectNats, Logger } from '@parley/service';
import { type WebSocket, WebSocketServer } from 'ws';
import type { BridgeConfig } from '../config.ts';
import { CallRooms } from './call-audio.ts';
import { FlowSession } from './flow-session.ts';
import { SessionCount } from './limits.ts';
import { service, type SessionChannel, type SessionParts } from './session-parts.ts';
import { SocketLine } from './socket-line.ts';

const FRAME_BYTES = 1024 * 1024;
const PATH = /^\/ws\/flow\/([^/]{1,100})$/;

/** The closes of a session that was not let in. */
const closes = {
  bad_token: { code: 4401, reason: 'The session token is unknown, used or too old.' },
  origin: { code: 4403, reason: "This page's origin is not among the channel's allowedOrigins." },
  unknown_flow: { code: 4404, reason: 'No active web channel has this flow.' },
} as const;

/** `/ws/flow/:flowId`: sound and text of a flow, for one's own page. */
@Injectable()
export class FlowSocket implements OnModuleDestroy {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES,
    perMessageDeflate: false,
  });
  private readonly count: SessionCount;
  private readonly addresses: ClientAddresses;
  private readonly parts: SessionParts;
  private readonly endings = new Set<Promise<void>>();
  private readonly sessions = new Set<FlowSession>();

  constructor(
    operations: OperationClient,
    facts: FactPublisher,
    rooms: CallRooms,
    private readonly logger: Logger,
    @InjectNats() nats: NatsConnection,
    @InjectConfig() private readonly config: BridgeConfig,
  ) {
    this.parts = { nats, operations, facts, rooms, logger };
    this.addresses = new ClientAddresses(config.TRUSTED_PROXIES);
    this.count = new SessionCount({
      sessions: config.BRIDGE_MAX_SESSIONS,
      ofAddress: config.BRIDGE_MAX_SESSIONS_PER_ADDRESS,
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
    for (const client of this.server.clients) client.close(1001, 'The server goes down. Connect again.');
    for (const session of this.sessions) this.end(session, 'connection_lost');
    await Promise.allSettled(this.endings);
    for (const client of this.server.clients) client.terminate();
  }

  private open(socket: WebSocket, request: IncomingMessage, asked: Asked): void {
    socket.on('error', (error) => this.logger.debug({ err: error }, 'A socket failed'));
    const line = new SocketLine(socket, this.config.BRIDGE_IDLE_MS);
    const leave = this.count.enter(this.addresses.networkOf(request));
    if (!leave) return line.close(4429, 'Too many sessions are open. Close one, or try again later.');
    socket.on('close', leave);
    // What is sent before the session stands waits at the client.
    line.pause();
    this.start({ socket, line, request, asked }).catch((error: unknown) => this.fail(line, error));
    return undefined;
  }

  private async start(of: {
    socket: WebSocket;
    line: SocketLine;
    request: IncomingMessage;
    asked: Asked;
  }): Promise<void> {
    const { socket, line, request, asked } = of;
    const channel = await this.admit(request, asked, line);
    if (!channel || !line.isOpen) return;
    const sender = { id: newId('vis'), name: null };
    const { spaceId, channelId, deploymentType, target, targetName } = channel;
    const { body: opened } = await this.parts.operations.request(
      openForChannel,
      { spaceId, channelId, deploymentType, sender, contactId: null, target, targetName },
      { principal: servicePrincipal(service, spaceId) },
    );
    if (!line.isOpen) return;
    const { conversationId, contactId, afterSequence } = opened;
    const place = { channel, sender, contactId, conversationId };
    const session = new FlowSession(this.parts, place, { line, afterSequence });
    this.sessions.add(session);
    socket.on('message', (data: Buffer, binary) => session.receive(data, binary));
    socket.on('close', (code) => this.end(session, code === 1006 ? 'connection_lost' : 'caller_left'));
    session.begin();
    line.resume();
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
    this.logger.warn({ err: error }, 'A session could not be opened');
    // What cannot be read as a request names no flow.
    const isWrong = error instanceof ProblemError && error.status < 500 && error.status !== 429;
    if (isWrong) line.close(4404, closes.unknown_flow.reason);
    else line.close(1013, 'The service is busy or away. Connect again in a few seconds.');
  }

  private end(session: FlowSession, cause: 'caller_left' | 'connection_lost'): void {
    if (!this.sessions.delete(session)) return;
    const ending = session.end(cause);
    this.endings.add(ending);
    void ending.finally(() => this.endings.delete(ending));
  }
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
