import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** What takes upgrades of one path. */
export interface UpgradeTaker {
  /** False where the path is another's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

/** Gives each upgrade to the one whose path it is. */
export function openBridgeDoor(http: Server, takers: readonly UpgradeTaker[]): void {
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Whoever asks may go away before the answer.
    socket.on('error', () => socket.destroy());
    if (takers.some((taker) => taker.upgrade(request, socket, head))) return;
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
  });
}
