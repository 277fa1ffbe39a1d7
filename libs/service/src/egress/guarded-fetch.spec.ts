import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { runInTransactionScope, TransactionOpenError } from '@parley/database/transaction-scope';

import { startTracing, withSpan } from '../tracing/tracing.ts';
import { GuardedFetch } from './guarded-fetch.ts';

interface Sink {
  readonly server: Server;
  readonly port: number;
  readonly seen: IncomingMessage[];
}

async function listen(handle: RequestListener): Promise<Sink> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, seen };
}

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((item) => item.close()));
});

async function sink(handle: RequestListener): Promise<Sink> {
  const made = await listen(handle);
  open.push({ close: () => (made.server.closeAllConnections(), made.server.close()) });
  return made;
}

function egress(allow: string, resolve?: ConstructorParameters<typeof GuardedFetch>[1]): GuardedFetch {
  const made = new GuardedFetch(allow, resolve);
  open.push(made);
  return made;
}

const to = (address: string) => () => Promise.resolve([{ address, family: address.includes(':') ? 6 : 4 }]);

describe('the egress guard', () => {
  it.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `http://2130706433:${port}/`,
    (port: number) => `http://0x7f.1:${port}/`,
    (port: number) => `http://0177.0.0.1:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `http://[::1]:${port}/`,
    (port: number) => `http://0:${port}/`,
    (port: number) => `http://localhost:${port}/`,
    (port: number) => `http://user:pass@127.0.0.1:${port}/`,
  ])('makes no connection to a private address (form %#)', async (form) => {
    const { port, seen } = await sink((_request, response) => response.end('private'));
    await expect(egress('').fetch(form(port))).rejects.toMatchObject({ code: 'egress_refused' });
    expect(seen).toHaveLength(0);
  });

  it('sends nothing inside an open transaction', async () => {
    const { port, seen } = await sink((_request, response) => response.end());
    const guard = egress('127.0.0.1/32');
    await expect(runInTransactionScope(() => guard.fetch(`http://127.0.0.1:${port}/`))).rejects.toThrow(
      TransactionOpenError,
    );
    expect(seen).toHaveLength(0);
  });

  it('checks the address that a name resolves to where the connection is made', async () => {
    const { port, seen } = await sink((_request, response) => response.end('private'));
    const rebinding = egress('', to('127.0.0.1'));
    await expect(rebinding.fetch(`http://public.example:${port}/`)).rejects.toMatchObject({
      code: 'egress_refused',
    });
    expect(seen).toHaveLength(0);
  });

  it('lets listed ranges and hosts through', async () => {
    const { port } = await sink((_request, response) => response.end('fine'));
    const byRange = await egress('127.0.0.0/8').fetch(`http://127.0.0.1:${port}/`);
    const byHost = await egress('callback.internal', to('127.0.0.1')).fetch(
      `http://callback.internal:${port}/`,
    );
    expect([await byRange.text(), await byHost.text()]).toEqual(['fine', 'fine']);
  });

  it('checks each redirect again', async () => {
    const secret = await sink((_request, response) => response.end('private'));
    const { port } = await sink((_request, response) => {
      response.writeHead(302, { location: `http://other.internal:${secret.port}/` }).end();
    });
    const resolve = (host: string) => to(host === 'other.internal' ? '127.0.0.2' : '127.0.0.1')();
    const guarded = egress('127.0.0.1', resolve);
    await expect(guarded.fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'egress_refused',
    });
    expect(secret.seen).toHaveLength(0);
  });

  it('follows three redirects, keeps credentials at their origin and turns a POST into a GET', async () => {
    const last = await sink((_request, response) => response.end('end'));
    const first = await sink((_request, response) => {
      response.writeHead(303, { location: `http://localhost:${last.port}/` }).end();
    });
    const headers = { authorization: 'Bearer x', 'content-type': 'text/plain', 'x-kept': '1' };
    const answer = await egress('127.0.0.0/8', to('127.0.0.1')).fetch(`http://127.0.0.1:${first.port}/`, {
      method: 'POST',
      body: 'x',
      headers,
    });
    expect(await answer.text()).toBe('end');
    expect(last.seen[0]).toMatchObject({
      method: 'GET',
      headers: expect.objectContaining({ 'x-kept': '1' }),
    });
    expect(last.seen[0]?.headers.authorization).toBeUndefined();
  });

  it('carries the trace on, and takes a Request', async () => {
    const { port, seen } = await sink((_request, response) => response.end('fine'));
    await startTracing('spec', undefined);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const request = new Request(`http://127.0.0.1:${port}/a`, { method: 'PUT', headers: { 'x-a': '1' } });
    await withSpan('a call', { parent: traceparent }, () => egress('127.0.0.0/8').fetch(request));
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      url: '/a',
      headers: expect.objectContaining({ traceparent, 'x-a': '1' }),
    });
  });

  it('gives up a fourth redirect', async () => {
    const { port, seen } = await sink((_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    const looping = egress('127.0.0.0/8').fetch(`http://127.0.0.1:${port}/`);
    await expect(looping).rejects.toMatchObject({ code: 'egress_redirects' });
    expect(seen).toHaveLength(4);
  });

  it.each(['file:///etc/passwd', 'ftp://example.org/', 'data:text/plain,x', 'gopher://127.0.0.1/'])(
    'refuses %s',
    async (address) => {
      await expect(egress('127.0.0.0/8').fetch(address)).rejects.toMatchObject({ code: 'egress_refused' });
    },
  );

  it('bounds the size of an answer, announced or not', async () => {
    const { port } = await sink((request, response) => {
      if (request.url === '/announced') response.writeHead(200, { 'content-length': 5_000 });
      response.write('x'.repeat(2_500));
      response.end('x'.repeat(2_500));
    });
    const limited = egress('127.0.0.0/8').withLimits({ maxBytes: 3_000 });
    await expect(limited(`http://127.0.0.1:${port}/announced`)).rejects.toMatchObject({
      code: 'egress_too_large',
    });
    const answer = await limited(`http://127.0.0.1:${port}/`);
    await expect(answer.text()).rejects.toMatchObject({ code: 'egress_too_large' });
  });

  it('bounds the time until the head and until the last byte', async () => {
    const { port } = await sink((request, response) => {
      if (request.url === '/slow-body') response.write('begin');
    });
    const limited = egress('127.0.0.0/8').withLimits({ timeoutMs: 150 });
    await expect(limited(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: 'egress_timeout' });
    const answer = await limited(`http://127.0.0.1:${port}/slow-body`);
    await expect(answer.text()).rejects.toMatchObject({ code: 'egress_timeout' });
  });
});
