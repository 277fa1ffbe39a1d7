import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClientAddresses, rejectUpgrade, TokenBuckets } from '@parley/service';

/** What takes upgrades of one path. */
export interface UpgradeTaker {
  /** False where the path is another's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

/** Upgrades of one client address. */
const UPGRADES = { perSecond: 50, burst: 500 };

/** Gives each upgrade to the one whose path it is. */
export function openBridgeDoor(
  http: Server,
  takers: readonly UpgradeTaker[],
  addresses = new ClientAddresses(),
): void {
  const upgrades = new TokenBuckets(UPGRADES);
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Whoever asks may go away before the answer.
    socket.on('error', () => socket.destroy());
    if (!upgrades.tryTake(addresses.networkOf(request))) return rejectUpgrade(socket, 429, 1);
    if (takers.some((taker) => taker.upgrade(request, socket, head))) return;
    rejectUpgrade(socket, 404);
  });
}
