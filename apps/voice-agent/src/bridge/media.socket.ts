import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { CallCause } from '@parley/contracts';
import { EventPublisher, type NatsConnection, OperationClient } from '@parley/messaging';
import {
  ConnectionLimiter,
  guardedServerOptions,
  InjectConfig,
  InjectNats,
  Logger,
  rejectUpgrade,
} from '@parley/service';
import { type WebSocket, WebSocketServer } from 'ws';
import type { BridgeConfig } from '../config.ts';
import { CallRooms } from './call-audio.ts';
import { MEDIA_FRAME_BYTES } from './media-frames.ts';
import { type MediaParts, MediaStream } from './media-stream.ts';
import { Notices } from './notices.ts';
import { SocketLine } from './socket-line.ts';

const PATH = /^\/ws\/media\/twilio\/([^/?]{1,100})(?:\?|$)/;
const RATE = 8000;
/** A carrier sends sound all the time: one that is silent for as long is asked, and is gone soon after. */
const IDLE_MS = 5000;
/** Sockets beside those of calls: such as have not said yet who they are, and such as are being turned away. */
const MORE_SOCKETS = 100;
/** Bytes that are read of a stream: ten times what a carrier sends. */
const INBOUND = { perSecond: 128 * 1024, burst: 512 * 1024 };

/** `/ws/media/twilio/:channelId`: the sound of telephone calls. */
@Injectable()
export class MediaSocket implements OnModuleDestroy {
  private readonly server = new WebSocketServer({ ...guardedServerOptions, maxPayload: MEDIA_FRAME_BYTES });
  private readonly parts: MediaParts;
  private readonly places: ConnectionLimiter;
  private readonly endings = new Set<Promise<void>>();
  private readonly streams = new Set<MediaStream>();

  constructor(
    operations: OperationClient,
    facts: EventPublisher,
    rooms: CallRooms,
    private readonly logger: Logger,
    @InjectNats() nats: NatsConnection,
    @InjectConfig() private readonly config: BridgeConfig,
  ) {
    const most = config.MEDIA_MAX_STREAMS;
    this.places = new ConnectionLimiter({ total: most, perKey: most });
    const takePlace = (): (() => void) | null => this.places.acquire('');
    const notices = new Notices(RATE);
    this.parts = { nats, operations, facts, rooms, logger, notices, takePlace };
  }

  /** Takes an upgrade of its own path; false for any other. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const [, channelId] = PATH.exec(request.url ?? '') ?? [];
    if (!channelId) return false;
    if (this.streams.size >= this.config.MEDIA_MAX_STREAMS + MORE_SOCKETS) rejectUpgrade(socket, 503, 1);
    else
      this.server.handleUpgrade(request, socket, head, (webSocket) =>
        this.open(webSocket, decode(channelId)),
      );
    return true;
  }

  async onModuleDestroy(): Promise<void> {
    for (const stream of this.streams) this.end(stream, 'connection_lost');
    await Promise.allSettled(this.endings);
    for (const client of this.server.clients) client.close(1001, 'The server goes down.');
    for (const client of this.server.clients) client.terminate();
  }

  private open(socket: WebSocket, channelId: string): void {
    socket.on('error', (error) => this.logger.debug({ err: error }, 'Media stream failed'));
    const idleMs = Math.min(IDLE_MS, this.config.BRIDGE_IDLE_MS);
    const line = new SocketLine(socket, { idleMs, inbound: INBOUND });
    const stream = new MediaStream(this.parts, line, channelId);
    this.streams.add(stream);
    line.onMessage((data, isBinary) => stream.receive(data, isBinary));
    // Who hangs up says so before: a socket that ends without is a broken line.
    line.onClose(() => this.end(stream, 'connection_lost'));
  }

  private end(stream: MediaStream, cause: CallCause): void {
    if (!this.streams.delete(stream)) return;
    const ending = stream.end(cause);
    this.endings.add(ending);
    void ending.finally(() => this.endings.delete(ending));
  }
}

function decode(channelId: string): string {
  try {
    return decodeURIComponent(channelId);
  } catch {
    return channelId;
  }
}
