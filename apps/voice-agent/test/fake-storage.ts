import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Plays the storage of files: takes parts by number, and tells where to send them. */
export class FakeStorage {
  /** Parts by file and number. */
  readonly files = new Map<string, Map<number, Buffer>>();
  /** Requests of which nothing was kept. */
  refused = 0;
  /** Whether it takes nothing at the moment. */
  isAway = false;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [, assetId = '', number = ''] = (request.url ?? '').split('/');
        if (this.isAway) this.refused += 1;
        else this.fileOf(assetId).set(Number(number), Buffer.concat(chunks));
        response.writeHead(this.isAway ? 503 : 200).end();
      });
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What `asset.sign_parts` answers. */
  sign({ assetId, first, count }: { assetId: string; first: number; count: number }): {
    parts: { number: number; url: string }[];
    expiresAt: string;
  } {
    const { port } = this.server.address() as AddressInfo;
    const parts = Array.from({ length: count }, (_none, index) => ({
      number: first + index,
      url: `http://127.0.0.1:${port}/${assetId}/${first + index}`,
    }));
    return { parts, expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  }

  /** A file as it would be when it were completed now. */
  joined(assetId: string): Buffer {
    const parts = [...this.fileOf(assetId)].toSorted(([left], [right]) => left - right);
    return Buffer.concat(parts.map(([, bytes]) => bytes));
  }

  private fileOf(assetId: string): Map<number, Buffer> {
    const file = this.files.get(assetId) ?? new Map<number, Buffer>();
    this.files.set(assetId, file);
    return file;
  }
}
