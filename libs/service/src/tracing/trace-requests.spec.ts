import { fastify } from 'fastify';

import { activeTraceparent } from './context.ts';
import { traceRequests } from './trace-requests.ts';
import { startTracing } from './tracing.ts';

const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('an HTTP request', () => {
  it('has its trace in its handler, with and without a body, and none of its own without a collector', async () => {
    await startTracing('gateway', undefined);
    const server = fastify();
    traceRequests(server);
    const answer = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return { traceparent: activeTraceparent() ?? null };
    };
    server.get('/x', answer);
    server.post('/x', answer);
    const address = await server.listen({ port: 0, host: '127.0.0.1' });
    const ask = async (init: RequestInit) => (await fetch(`${address}/x`, init)).json();
    const headers = { traceparent: incoming, 'content-type': 'application/json' };
    const body = JSON.stringify({ text: 'x'.repeat(300_000) });
    expect(await ask({ headers: { traceparent: incoming } })).toEqual({ traceparent: incoming });
    expect(await ask({ method: 'POST', headers, body })).toEqual({ traceparent: incoming });
    const other = incoming.replace('0af7', '1af7');
    expect(await ask({ method: 'POST', headers: { ...headers, traceparent: other }, body })).toEqual({
      traceparent: other,
    });
    expect(await ask({})).toEqual({ traceparent: null });
    await server.close();
  });
});
