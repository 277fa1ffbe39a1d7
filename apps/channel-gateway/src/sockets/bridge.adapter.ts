import type { IncomingMessage } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import {
  ClientAddresses,
  ConnectionLimiter,
  endWithTimeout,
  InjectConfig,
  Logger,
  rejectUpgrade,
} from '@parley/service';
import type { GatewayConfig } from '../config.ts';

const CONNECT_MS = 3000;
/** Connections that are passed on at once; the bridge counts sessions and streams itself. */
const MOST_FORWARDED = { total: 2000, perKey: 200 };

/** Passes live sessions and carriers' media streams on to the audio bridge, byte for byte. */
@Injectable()
export class BridgeAdapter implements OnModuleDestroy {
  private readonly open = new Set<Duplex>();
  private readonly sessions = new ConnectionLimiter(MOST_FORWARDED);
  /** Carriers call from few addresses. */
  private readonly streams = new ConnectionLimiter({ ...MOST_FORWARDED, perKey: MOST_FORWARDED.total });

  constructor(
    private readonly logger: Logger,
    private readonly addresses: ClientAddresses,
    @InjectConfig() private readonly config: GatewayConfig,
  ) {}

  onModuleDestroy(): void {
    for (const socket of this.open) socket.destroy();
  }

  /** Whether an upgrade of this path is the bridge's, and the bridge can be asked. */
  takes(path: string): boolean {
    return this.config.BRIDGE_URL !== undefined && /^\/ws\/(?:flow|media)\//.test(path);
  }

  forward(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const count = request.url?.startsWith('/ws/media/') ? this.streams : this.sessions;
    const leave = count.acquire(this.addresses.networkOf(request));
    if (!leave) return rejectUpgrade(socket, 429, 1);
    socket.once('close', leave);
    const bridge = this.connect(new URL(this.config.BRIDGE_URL ?? ''));
    this.open.add(socket).add(bridge);
    let isThrough = false;
    const giveUp = (error: Error): void => {
      if (!isThrough) {
        this.logger.warn({ err: error }, 'Audio bridge unreachable');
        rejectUpgrade(socket, 503, 1);
      } else socket.destroy();
      bridge.destroy();
    };
    bridge.setTimeout(CONNECT_MS, () => giveUp(new Error('The connection to the audio bridge timed out.')));
    bridge.once('error', giveUp);
    bridge.once(this.event, () => {
      isThrough = true;
      bridge.setTimeout(0).setNoDelay(true);
      bridge.write(requestText(request, this.addresses.addressOf(request)));
      if (head.length > 0) bridge.write(head);
      // Pipes wait for the slower side: nothing piles up here.
      socket.pipe(bridge).pipe(socket);
    });
    socket.once('close', () => {
      this.open.delete(socket);
      bridge.destroy();
    });
    bridge.once('close', () => {
      this.open.delete(bridge);
      // A client that goes on sending is not kept for it.
      if (isThrough) endWithTimeout(socket);
    });
  }

  private get event(): 'connect' | 'secureConnect' {
    return this.config.BRIDGE_URL?.startsWith('https:') ? 'secureConnect' : 'connect';
  }

  private connect({ protocol, hostname, port }: URL): Socket {
    const host = hostname.replace(/^\[|\]$/g, '');
    if (protocol === 'https:') return connectTls({ host, port: Number(port || 443), servername: host });
    return connectPlain({ host, port: Number(port || 80) });
  }
}

/** The request as it came, with the client's address; what callers say of that themselves is left out. */
function requestText(request: IncomingMessage, clientAddress: string): string {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (!/^x-forwarded-/i.test(rawHeaders[index] ?? ''))
      lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  lines.push(`X-Forwarded-For: ${clientAddress}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
