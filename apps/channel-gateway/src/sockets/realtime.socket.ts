import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { permissionDenied, type Principal, ProblemError, unauthorized } from '@parley/contracts';
import { LiveBus, OperationClient } from '@parley/messaging';
import { InjectConfig, Logger } from '@parley/service';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { ChannelDirectory } from '../channels/channel-directory.service.ts';
import type { GatewayConfig } from '../config.ts';
import { AuthService } from '../http/auth.service.ts';
import { RateLimiter } from '../http/rate-limiter.ts';
import { originAllowed, ownOrigins } from '../widget/origins.ts';
import { AccessFeed } from './access-feed.ts';
import { BridgeAdapter } from './bridge.adapter.ts';
import { ConversationFeed } from './conversation-feed.ts';
import { readFrame } from './frames.ts';
import { InboxFeed } from './inbox-feed.ts';
import { Session } from './session.ts';

const AUTHENTICATE_MS = 10_000;
const PING_MS = 30_000;
const FRAME_LIMIT = 96 * 1024;
const UNSENT_LIMIT = 1024 * 1024;
/** A credential is asked for so often, by an answer so old: what ended is known within two seconds, also without an event. */
const RECHECK_MS = 1500;
const KNOWN_MS = 400;

/** `/ws/realtime`: conversations live, with resume by sequence. */
@Injectable()
export class RealtimeSocket implements OnModuleInit, OnModuleDestroy {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_LIMIT,
    perMessageDeflate: false,
  });
  private readonly messages = new RateLimiter({ perMinute: 1200, burst: 60 });
  private readonly connections = new Set<Connection>();
  private counter = 0;

  constructor(
    private readonly auth: AuthService,
    private readonly feed: ConversationFeed,
    private readonly operations: OperationClient,
    private readonly live: LiveBus,
    private readonly directory: ChannelDirectory,
    private readonly inbox: InboxFeed,
    private readonly access: AccessFeed,
    private readonly bridge: BridgeAdapter,
    private readonly logger: Logger,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

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
      // Whoever asks may go away before the answer.
      socket.on('error', () => socket.destroy());
      const [path = ''] = (request.url ?? '').split('?');
      if (this.bridge.takes(path)) return this.bridge.forward(request, socket, head);
      if (path !== '/ws/realtime') return socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      this.server.handleUpgrade(request, socket, head, (webSocket) => this.open(webSocket, request));
      return undefined;
    });
  }

  onModuleDestroy(): void {
    for (const client of this.server.clients) {
      client.send(JSON.stringify({ type: 'going_away', resumeAfterMs: Math.round(Math.random() * 1000) }));
      client.close(1001);
    }
  }

  private open(socket: WebSocket, request: IncomingMessage): void {
    const connection = new Connection(socket, `socket-${(this.counter += 1)}`);
    this.connections.add(connection);
    const timer = setTimeout(() => {
      if (!connection.session) connection.close(4401, 'Authenticate within 10 seconds.');
    }, AUTHENTICATE_MS);
    const beat = setInterval(() => connection.beat(), PING_MS);
    let work = Promise.resolve();
    socket.on('message', (data, binary) => {
      work = work
        .then(() => this.receive(connection, { data, binary, request }))
        .catch((error: unknown) => this.fail(connection, error));
    });
    socket.on('pong', () => connection.alive());
    socket.on('error', (error) => this.logger.debug({ err: error }, 'A socket failed'));
    socket.on('close', () => {
      clearTimeout(timer);
      clearInterval(beat);
      this.connections.delete(connection);
      connection.end();
    });
  }

  private async receive(
    connection: Connection,
    message: { data: RawData; binary: boolean; request: IncomingMessage },
  ): Promise<void> {
    // Who was told to go may still send for a while.
    if (!connection.isOpen) return;
    const { frame, id, problem } = readFrame(message.data, message.binary);
    try {
      this.messages.take(connection.name);
    } catch (error) {
      return this.fail(connection, error, frame?.type === 'post' ? frame.id : id);
    }
    if (problem) return this.fail(connection, problem, id);
    if (connection.session) {
      // Posts and catching up may take long: they do not hold up each other.
      connection.session.handle(frame).catch((error: unknown) => this.fail(connection, error));
      return;
    }
    if (frame.type !== 'authenticate') throw unauthorized('Send {"type":"authenticate","token":"…"} first.');
    const { token } = frame;
    const principal = await this.auth.resolve(token);
    this.requireOrigin(principal, message.request);
    connection.begin(
      new Session(
        {
          feed: this.feed,
          operations: this.operations,
          live: this.live,
          directory: this.directory,
          inbox: this.inbox,
        },
        principal,
        (text) => connection.send(text),
      ),
    );
    connection.watch((keptMs) => this.recheck(connection, token, keptMs));
  }

  /** A credential that was revoked, or a role that changed, ends the connection within two seconds. */
  private async recheck(connection: Connection, token: string, keptMs: number): Promise<void> {
    try {
      const now = await this.auth.resolve(token, keptMs);
      if (!sameRoles(now, connection.session?.principal))
        connection.close(4401, 'Your rights have changed. Connect again.');
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401)
        connection.close(4401, 'The credential is no longer valid.');
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
    if (!known) this.logger.warn({ err: error }, 'A frame could not be handled');
    const { code, message } = known ?? { code: 'internal', message: 'Something went wrong here.' };
    connection.send(
      JSON.stringify({ type: 'error', code, detail: message, ...(id === undefined ? {} : { id }) }),
    );
    if (!connection.session) connection.close(known?.status === 403 ? 4403 : 4401, message);
  }
}

/** One socket: what is not read in time ends it. */
class Connection {
  readonly name: string;
  session: Session | null = null;
  private readonly socket: WebSocket;
  private heard = true;
  private watcher: NodeJS.Timeout | undefined;
  /** Asks for the credential again; the answer may be so many milliseconds old. */
  check: (keptMs: number) => Promise<void> = async () => undefined;

  constructor(socket: WebSocket, name: string) {
    this.socket = socket;
    this.name = name;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  begin(session: Session): void {
    this.session = session;
    session.send({ type: 'ready' });
  }

  watch(check: (keptMs: number) => Promise<void>): void {
    this.check = check;
    this.watcher = setInterval(() => void check(KNOWN_MS), RECHECK_MS);
    // The connection may have ended while its credential was asked for.
    if (!this.isOpen) this.end();
  }

  /** Whether its rights are those of this account or key, or end with this channel. */
  belongsTo(id: string): boolean {
    const { accountId, keyId, channelId } = this.session?.principal ?? {};
    return accountId === id || keyId === id || channelId === id;
  }

  send(text: string): void {
    if (!this.isOpen) return;
    if (this.socket.bufferedAmount > UNSENT_LIMIT) return this.socket.terminate();
    this.socket.send(text);
  }

  beat(): void {
    if (!this.heard) return this.socket.terminate();
    this.heard = false;
    this.socket.ping();
  }

  alive(): void {
    this.heard = true;
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason.slice(0, 120));
  }

  end(): void {
    clearInterval(this.watcher);
    this.session?.close();
  }
}

function sameRoles(now: Principal, before: Principal | undefined): boolean {
  const spaceIds = new Set([...Object.keys(now.spaces), ...Object.keys(before?.spaces ?? {})]);
  return [...spaceIds].every((spaceId) => now.spaces[spaceId] === before?.spaces[spaceId]);
}
