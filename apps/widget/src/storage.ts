/** How long the browser keeps a value: beyond the visit, or as long as the tab is open. */
export type Storing = 'localStorage' | 'sessionStorage';

/**
 * Reads a kept value.
 * @returns null where there is none, or where the browser keeps nothing (sandboxed frames, blocked cookies)
 */
export function readStored(storing: Storing, key: string): string | null {
  try {
    return globalThis[storing].getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a value, or forgets it (null). It fails silently where storage is blocked or full. */
export function writeStored(storing: Storing, key: string, value: string | null): void {
  try {
    if (value === null) globalThis[storing].removeItem(key);
    else globalThis[storing].setItem(key, value);
  } catch {
    // The chat works without it, for this visit.
  }
}

/** Reads a kept JSON value; null where it is missing or broken. */
export function readStoredJson(storing: Storing, key: string): unknown {
  try {
    return JSON.parse(readStored(storing, key) ?? 'null') as unknown;
  } catch {
    return null;
  }
}
