import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { cutPlace } from '../ranking/terms.ts';

/** What tells a text from others. */
export interface TextDigest {
  sha256: string;
  bytes: number;
}

const PIECE = 256 * 1024;

/** Hash and size of a text as UTF-8, piece by piece: a large one does not keep the event loop. */
export async function digestOf(text: string): Promise<TextDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (let start = 0; start < text.length; ) {
    const end = cutPlace(text, start + PIECE);
    const piece = text.slice(start, end);
    hash.update(piece);
    bytes += Buffer.byteLength(piece);
    start = end;
    if (start < text.length) await setImmediate();
  }
  return { sha256: hash.digest('hex'), bytes };
}
