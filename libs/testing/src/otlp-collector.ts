import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A collector that keeps what it is sent: OTLP over HTTP, as JSON. */
export interface OtlpCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  /** All that was exported so far, as it came. */
  readonly bodies: string[];
  /** Names of the services that have exported spans. */
  services(): string[];
  close(): Promise<void>;
}

interface Exported {
  resourceSpans: { resource?: { attributes: { key: string; value: { stringValue?: string } }[] } }[];
}

/** Starts one on loopback. */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    services: () => [...new Set(bodies.flatMap(serviceNames))],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serviceNames(body: string): string[] {
  const { resourceSpans } = JSON.parse(body) as Exported;
  const attributes = resourceSpans.flatMap(({ resource }) => resource?.attributes ?? []);
  return attributes.flatMap(({ key, value }) => (key === 'service.name' ? (value.stringValue ?? []) : []));
}
