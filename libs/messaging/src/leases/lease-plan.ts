import type { LeaseTable } from './leases.repository.ts';

/** What one process should do about the leases it wants. */
export interface LeasePlan {
  acquire: string[];
  release: string[];
}

/** The view from which a process decides. */
export interface LeaseView {
  holder: string;
  /** Hash of the names wanted. */
  namesHash: number;
  names: readonly string[];
  /** Names this process works under. */
  held: ReadonlySet<string>;
  /** Names that were free at the round before too: whoever should have them does not come. */
  unclaimed: ReadonlySet<string>;
}

/** Names that nobody holds. */
export function freeNames(view: LeaseView, table: LeaseTable): string[] {
  return view.names.filter((name) => {
    if (view.held.has(name)) return false;
    const row = table.leases.get(name);
    return !row || row.leftMs <= 0;
  });
}

/**
 * Shares leases evenly without a leader: each process takes free ones up to its share, and the one with the most gives
 * up what a process below its share is missing.
 */
export function planLeases(view: LeaseView, table: LeaseTable): LeasePlan {
  const peers = table.peers
    .filter(({ namesHash }) => namesHash === view.namesHash)
    .map(({ holder }) => holder);
  const counts = new Map(peers.map((holder) => [holder, 0]));
  for (const name of view.names) {
    const row = table.leases.get(name);
    const known = row && row.leftMs > 0 ? counts.get(row.holder) : undefined;
    if (row && known !== undefined && row.holder !== view.holder) counts.set(row.holder, known + 1);
  }
  counts.set(view.holder, view.held.size);
  const free = freeNames(view, table);
  const capacity = Math.max(0, Math.ceil(view.names.length / peers.length) - view.held.size);
  const start = startOffset(view, free.length);
  const ordered = [...free.slice(start), ...free.slice(0, start)];
  const acquire = ordered.filter((name, index) => index < capacity || view.unclaimed.has(name));
  return { acquire, release: free.length > 0 ? [] : surplus(view, counts) };
}

/** Processes that start together begin at different places, so that they seldom reach for the same lease. */
function startOffset(view: LeaseView, length: number): number {
  if (length === 0) return 0;
  let hash = 0;
  for (const char of view.holder) hash = (hash * 31 + char.charCodeAt(0)) >>> 0;
  return hash % length;
}

function surplus(view: LeaseView, counts: ReadonlyMap<string, number>): string[] {
  const share = Math.floor(view.names.length / counts.size);
  const mine = view.held.size;
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (most?.[0] !== view.holder || mine <= share) return [];
  const missing = [...counts.values()].reduce((sum, count) => sum + Math.max(0, share - count), 0);
  return [...view.held].slice(0, Math.min(mine - share, missing));
}
