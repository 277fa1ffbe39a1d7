import { createHash, type Hash } from 'node:crypto';
import { SNIFFED_BYTES } from './content-type.ts';

/** Takes bytes as they pass, and tells what they were. */
export class Digest {
  size = 0;
  private readonly hash: Hash = createHash('sha256');
  private readonly first: Buffer[] = [];
  private kept = 0;

  take(chunk: Buffer): void {
    this.size += chunk.length;
    this.hash.update(chunk);
    if (this.kept >= SNIFFED_BYTES) return;
    this.first.push(chunk.subarray(0, SNIFFED_BYTES - this.kept));
    this.kept += chunk.length;
  }

  /** What it begins with. */
  get head(): Buffer {
    return Buffer.concat(this.first);
  }

  /** SHA-256 of all in hex; asked once, at the end. */
  sha256(): string {
    return this.hash.digest('hex');
  }
}

/** Reads a stream to its end. */
export async function digestOf(stream: AsyncIterable<Buffer>): Promise<Digest> {
  const digest = new Digest();
  for await (const chunk of stream) digest.take(chunk);
  return digest;
}
