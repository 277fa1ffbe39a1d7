import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { isReady } from './health-checks.ts';
import type { HealthChecks } from './health-checks.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** What the health server shows. */
export interface HealthSources {
  readonly service: string;
  readonly checks: HealthChecks;
  readonly metrics: Metrics;
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: unknown;
}

/** `/healthz`, `/readyz` and `/metrics` on a port of their own, which never is the public door. */
export class HealthServer {
  readonly #server: Server;

  constructor(sources: HealthSources) {
    this.#server = createServer((request, response) => {
      void answer(sources, request).then((given) => write(response, given));
    });
    this.#server.keepAliveTimeout = 5_000;
  }

  /** Starts to listen; answers the port, which the system chooses for 0. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function answer(sources: HealthSources, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '/').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, body: { status: 'only GET' } };
  switch (path) {
    case '/healthz':
      return {
        status: 200,
        body: { status: 'ok', service: sources.service, eventLoop: sources.metrics.eventLoop() },
      };
    case '/readyz':
      return readyz(sources);
    case '/metrics':
      return metrics(sources.metrics);
    default:
      return { status: 404, body: { status: 'not found', paths: ['/healthz', '/readyz', '/metrics'] } };
  }
}

async function readyz({ service, checks }: HealthSources): Promise<Answer> {
  const readiness = await checks.readiness();
  return { status: isReady(readiness) ? 200 : 503, body: { service, ...readiness } };
}

async function metrics(source: Metrics): Promise<Answer> {
  try {
    return { status: 200, type: source.contentType, body: await source.render() };
  } catch {
    return { status: 503, body: { status: 'the metrics could not be read' } };
  }
}

function write(response: ServerResponse, { status, type = 'application/json', body }: Answer): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
