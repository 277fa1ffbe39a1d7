import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { activeTraceparent, injectTrace } from './context.ts';
import { startTracing, withSpan } from './tracing.ts';

const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('tracing', () => {
  it('carries a trace on without a collector, and exports spans to one', async () => {
    await startTracing('conversation', undefined);
    const carried = new Map<string, string>();
    await withSpan('a batch', { kind: 'consumer', parent: incoming }, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      injectTrace(carried);
    });
    expect(carried.get('traceparent')).toBe(incoming);
    expect(activeTraceparent()).toBeUndefined();

    const exported = await collect(async (endpoint) => {
      const tracing = await startTracing('conversation', endpoint);
      const failing = withSpan('a batch', { parent: new Map([['traceparent', incoming]]) }, async () => {
        expect(activeTraceparent()).toMatch(
          /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
        );
        await Promise.reject(new Error('canary'));
      });
      await expect(failing).rejects.toThrow('canary');
      await tracing.stop();
    });
    const [span] = exported.flatMap((body) => spansOf(body));
    expect(span).toMatchObject({
      name: 'a batch',
      traceId: incoming.slice(3, 35),
      parentSpanId: incoming.slice(36, 52),
    });
    expect(JSON.stringify(exported)).not.toContain('canary');
    expect(JSON.stringify(exported)).toContain('parley-conversation');
  });
});

interface Exported {
  resourceSpans: { scopeSpans: { spans: object[] }[] }[];
}

function spansOf(body: Exported): object[] {
  return body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

async function collect(work: (endpoint: string) => Promise<void>): Promise<Exported[]> {
  const bodies: Exported[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      bodies.push(JSON.parse(text) as Exported);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.closeAllConnections();
  server.close();
  return bodies;
}
