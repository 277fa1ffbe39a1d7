import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file as browsers get it. */
export interface Asset {
  type: string;
  plain: Buffer;
  gzip: Buffer;
  /** First 16 hex digits of its SHA-256: what the widget's build names it by. */
  hash: string;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};
const pack = promisify(gzip);

/** Built files of a folder, each read, packed and hashed once, and again when it was built anew. */
export class Assets {
  private readonly folder: string;
  private readonly kept = new Map<string, { changed: number; asset: Asset }>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Null where it is not built. */
  async read(name: string): Promise<Asset | null> {
    const path = join(this.folder, name);
    const found = await stat(path).catch(() => null);
    if (!found) return null;
    const known = this.kept.get(name);
    if (known?.changed === found.mtimeMs) return known.asset;
    const plain = await readFile(path);
    const asset = {
      type: types[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain',
      plain,
      gzip: await pack(plain, { level: 9 }),
      hash: createHash('sha256').update(plain).digest('hex').slice(0, 16),
    };
    this.kept.set(name, { changed: found.mtimeMs, asset });
    return asset;
  }
}
