import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  permissionDenied,
  type Principal,
  ProblemError,
  realtimeCloseCodes,
  roleIn,
  tooManyRequests,
  unauthorized,
} from '@parley/contracts';
import { LiveBus, OperationClient } from '@parley/messaging';
import {
  ClientAddresses,
  GuardedSocket,
  guardedServerOptions,
  InjectConfig,
  Logger,
  rejectUpgrade,
} from '@parley/service';
import { type WebSocket, WebSocketServer } from 'ws';
import { ChannelDirectory } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import { AuthService } from '../http/auth.service.ts';
import { RateLimits } from '../http/rate-limits.service.ts';
import { originAllowed, ownOrigins } from '../widget/origins.ts';
import { AccessFeed } from './access-feed.ts';
import { Admissions } from './admissions.ts';
import { BridgeAdapter } from './bridge.adapter.ts';
import { Connection } from './connection.ts';
import { ConversationFeed } from './conversation-feed.ts';
import type { RawFrame } from './frame-intake.ts';
import { readFrame } from './frames.ts';
import { InboxFeed } from './inbox-feed.ts';
import { Session } from './session.ts';

const AUTHENTICATE_MS = 10_000;
const PING_MS = 30_000;
const FRAME_LIMIT = 96 * 1024;
/** An answer about a credential may be this old when a channel has changed: the channel itself is looked up anew. */
const KNOWN_MS = 400;
const TOO_MANY = 'Too many connections are open from here. Close one, or try again later.';

/** `/ws/realtime`: conversations live, with resume by sequence. */
@Injectable()
export class RealtimeSocket implements OnModuleInit, OnModuleDestroy {
  private readonly server = new WebSocketServer({ ...guardedServerOptions, maxPayload: FRAME_LIMIT });
  private readonly connections = new Set<Connection>();
  private readonly admissions: Admissions;

  constructor(
    private readonly auth: AuthService,
    private readonly feed: ConversationFeed,
    private readonly operations: OperationClient,
    private readonly live: LiveBus,
    private readonly directory: ChannelDirectory,
    private readonly inbox: InboxFeed,
    private readonly access: AccessFeed,
    private readonly bridge: BridgeAdapter,
    private readonly addresses: ClientAddresses,
    private readonly limits: RateLimits,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {
    this.admissions = new Admissions({
      total: config.SOCKETS_MAX,
      pending: config.SOCKETS_PENDING_MAX,
      pendingPerAddress: config.SOCKETS_PENDING_PER_ADDRESS,
    });
  }

  onModuleInit(): void {
    this.access.listen((id) => {
      for (const connection of this.connections) if (connection.belongsTo(id)) void connection.check(0);
    });
    this.directory.onChange((id) => {
      for (const connection of this.connections)
        if (connection.belongsTo(id)) void connection.check(KNOWN_MS);
    });
  }

  attach(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A client may go away before the answer.
      socket.on('error', () => socket.destroy());
      const [path = ''] = (request.url ?? '').split('?');
      if (!this.admissions.takeUpgrade(this.addresses.networkOf(request)))
        return rejectUpgrade(socket, 429, 1);
      if (this.bridge.takes(path)) return this.bridge.forward(request, socket, head);
      if (path !== '/ws/realtime') return rejectUpgrade(socket, 404);
      return this.admit(request, socket, head);
    });
  }

  onModuleDestroy(): void {
    for (const client of this.server.clients) {
      client.send(JSON.stringify({ type: 'going_away', resumeAfterMs: Math.round(Math.random() * 1000) }));
      client.close(1001);
    }
  }

  private admit(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const place = this.admissions.enter(this.addresses.networkOf(request));
    const leave = place ? place.leave : this.admissions.turnAway();
    if (!leave) return rejectUpgrade(socket, 429, 1);
    socket.once('close', leave);
    return this.server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', (error) => this.logger.debug({ err: error }, 'Socket failed'));
      if (!place) return turnAway(webSocket);
      place.wait(this.open(webSocket, request));
      return undefined;
    });
  }

  private open(socket: WebSocket, request: IncomingMessage): Connection {
    const connection = new Connection(socket, {
      handle: (one, frame) => this.receive(one, frame, request),
      refuse: (one) => this.tell(one, tooManyRequests('Too many frames at once.', 1)),
    });
    this.connections.add(connection);
    const timer = setTimeout(() => {
      if (!connection.session)
        connection.close(realtimeCloseCodes.unauthorized, 'Authenticate within 10 seconds.');
    }, AUTHENTICATE_MS);
    const beat = setInterval(() => connection.beat(), PING_MS);
    socket.on('close', () => {
      clearTimeout(timer);
      clearInterval(beat);
      this.connections.delete(connection);
    });
    return connection;
  }

  /** Handles one frame; whatever goes wrong is answered. */
  private async receive(connection: Connection, raw: RawFrame, request: IncomingMessage): Promise<void> {
    if (!connection.isOpen) return;
    const { frame, id, problem } = readFrame(raw.data, raw.isBinary);
    if (problem) {
      if (connection.takeMalformed()) this.fail(connection, problem, id);
      return;
    }
    try {
      if (connection.session) await connection.session.handle(frame);
      else if (frame.type === 'authenticate') await this.authenticate(connection, frame.token, request);
      else throw unauthorized('Send {"type":"authenticate","token":"…"} first.');
    } catch (error) {
      this.fail(connection, error);
    }
  }

  private async authenticate(connection: Connection, token: string, request: IncomingMessage): Promise<void> {
    const principal = await this.resolve(token, request);
    this.requireOrigin(principal, request);
    if (!connection.isOpen) return;
    const leave = this.admissions.enterAs(principal);
    if (!leave) return connection.close(realtimeCloseCodes.tooMany, TOO_MANY);
    connection.onEnd(leave);
    connection.shared = this.admissions.framesOf(principal);
    this.admissions.settle(connection);
    const { feed, operations, live, directory, inbox, limits } = this;
    const parts = { feed, operations, live, directory, inbox, limits };
    connection.begin(new Session(parts, principal, (text) => connection.send(text)));
    connection.watch((keptMs) => this.recheck(connection, token, keptMs));
  }

  /** Whose a credential is; an address that has tried too many wrong ones is refused before another is looked up. */
  private async resolve(token: string, request: IncomingMessage): Promise<Principal> {
    if (!this.auth.isKnown(`Bearer ${token}`)) this.limits.requireAddress(request);
    try {
      return await this.auth.resolve(token);
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) this.limits.takeAddress(request);
      throw error;
    }
  }

  /** A credential that was revoked, or a role that changed, ends the connection within two seconds. */
  private async recheck(connection: Connection, token: string, keptMs: number): Promise<void> {
    try {
      const now = await this.auth.resolve(token, keptMs);
      if (!sameRoles(now, connection.session?.principal))
        connection.close(realtimeCloseCodes.unauthorized, 'Your rights have changed. Connect again.');
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401)
        connection.close(realtimeCloseCodes.unauthorized, 'The credential is no longer valid.');
    }
  }

  private requireOrigin(principal: Principal, request: IncomingMessage): void {
    if (principal.type !== 'visitor') return;
    const channel = this.directory.find(principal.channelId ?? '');
    const own = ownOrigins(this.config);
    if (!channel || !originAllowed(channel, request.headers.origin, own))
      throw permissionDenied('This origin may not use the channel.');
  }

  private fail(connection: Connection, error: unknown, id?: string): void {
    const known = error instanceof ProblemError ? error : null;
    if (!known) this.logger.warn({ err: error }, 'Socket frame failed');
    this.tell(connection, known, id);
    if (connection.session) return;
    const { status = 500, message = 'An internal error occurred. Try again.' } = known ?? {};
    // A credential that could not be checked is not a wrong one.
    if (status >= 500) connection.close(realtimeCloseCodes.tryAgain, message);
    else if (status === 429) connection.close(realtimeCloseCodes.tooMany, message);
    else
      connection.close(
        status === 403 ? realtimeCloseCodes.forbidden : realtimeCloseCodes.unauthorized,
        message,
      );
  }

  private tell(connection: Connection, problem: ProblemError | null, id?: string): void {
    const { code = 'internal', message = 'An internal error occurred. Try again.' } = problem ?? {};
    const frame = { type: 'error', code, detail: message, ...(id === undefined ? {} : { id }) };
    connection.send(JSON.stringify(frame));
  }
}

/** A socket that is only told why it may not stay. */
function turnAway(webSocket: WebSocket): void {
  const limits = { unsentBytes: 0, inbound: { perSecond: 1, burst: 1 } };
  new GuardedSocket(webSocket, limits).closeWithoutReading(realtimeCloseCodes.tooMany, TOO_MANY);
}

function sameRoles(now: Principal, before: Principal | undefined): boolean {
  const spaceIds = new Set([...Object.keys(now.spaces), ...Object.keys(before?.spaces ?? {})]);
  return [...spaceIds].every((spaceId) => roleIn(now, spaceId) === (before && roleIn(before, spaceId)));
}
