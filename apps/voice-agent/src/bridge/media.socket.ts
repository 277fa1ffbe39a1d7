import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { CallCause } from '@parley/contracts';
import { FactPublisher, type NatsConnection, OperationClient } from '@parley/messaging';
import { InjectConfig, InjectNats, Logger } from '@parley/service';
import { type WebSocket, WebSocketServer } from 'ws';
import type { BridgeConfig } from '../config.ts';
import { CallRooms } from './call-audio.ts';
import { SessionCount } from './limits.ts';
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
const FULL = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\r\n';

/** `/ws/media/twilio/:channelId`: the sound of telephone calls. */
@Injectable()
export class MediaSocket implements OnModuleDestroy {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: MEDIA_FRAME_BYTES,
    perMessageDeflate: false,
  });
  private readonly parts: MediaParts;
  private readonly places: SessionCount;
  private readonly endings = new Set<Promise<void>>();
  private readonly streams = new Set<MediaStream>();

  constructor(
    operations: OperationClient,
    facts: FactPublisher,
    rooms: CallRooms,
    private readonly logger: Logger,
    @InjectNats() nats: NatsConnection,
    @InjectConfig() private readonly config: BridgeConfig,
  ) {
    const most = config.MEDIA_MAX_STREAMS;
    this.places = new SessionCount({ sessions: most, ofAddress: most });
    const takePlace = (): (() => void) | null => this.places.enter('');
    const notices = new Notices(RATE);
    this.parts = { nats, operations, facts, rooms, logger, notices, takePlace };
  }

  /** Takes an upgrade of its own path; false for any other. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const [, channelId] = PATH.exec(request.url ?? '') ?? [];
    if (!channelId) return false;
    if (this.streams.size >= this.config.MEDIA_MAX_STREAMS + MORE_SOCKETS) socket.end(FULL);
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
    socket.on('error', (error) => this.logger.debug({ err: error }, 'A media stream failed'));
    const line = new SocketLine(socket, Math.min(IDLE_MS, this.config.BRIDGE_IDLE_MS));
    const stream = new MediaStream(this.parts, line, channelId);
    this.streams.add(stream);
    socket.on('message', (data: Buffer, isBinary) => stream.receive(data, isBinary));
    // Who hangs up says so before: a socket that ends without is a broken line.
    socket.on('close', () => this.end(stream, 'connection_lost'));
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
