import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { ClientAddresses, createLogger } from '@parley/service';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { GatewayConfig } from '../config.ts';
import { BridgeAdapter } from './bridge.adapter.ts';

describe('The way to the audio bridge', () => {
  const logger = createLogger({ name: 'gateway-spec', level: 'silent' });
  const bridge = new WebSocketServer({ noServer: true });
  const asked: { url: string; headers: IncomingHttpHeaders }[] = [];
  let door: Server;
  let behind: Server;
  let adapter: BridgeAdapter;

  const listen = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const adapterTo = (port: number | null): BridgeAdapter => {
    const config = port === null ? {} : { BRIDGE_URL: `http://127.0.0.1:${port}` };
    return new BridgeAdapter(logger, new ClientAddresses(), config as GatewayConfig);
  };
  const url = (path: string): string => `ws://127.0.0.1:${(door.address() as AddressInfo).port}${path}`;

  beforeAll(async () => {
    behind = createServer();
    behind.on('upgrade', (request, socket, head) => {
      asked.push({ url: request.url ?? '', headers: request.headers });
      bridge.handleUpgrade(request, socket, head, (one) => {
        one.send('hello');
        one.on('message', (data: RawData, binary) => one.send(data, { binary }));
      });
    });
    adapter = adapterTo(await listen(behind));
    door = createServer();
    door.on('upgrade', (request, socket, head) => adapter.forward(request, socket, head));
    await listen(door);
  });

  afterAll(async () => {
    adapter.onModuleDestroy();
    for (const client of bridge.clients) client.terminate();
    await Promise.all([door, behind].map((one) => new Promise((resolve) => one.close(resolve))));
  });

  it.each([
    ['/ws/flow/flow_one', true],
    ['/ws/media/twilio/chan_one', true],
    ['/ws/realtime', false],
    ['/ws/flow', false],
    ['/x/ws/flow/a', false],
  ])('is for %s: %s', (path, expected) => {
    expect(adapter.takes(path)).toBe(expected);
    expect(adapterTo(null).takes(path)).toBe(false);
  });

  it('carries text and bytes both ways, with the headers as they came and who sent them', async () => {
    const headers = {
      origin: 'https://shop.example',
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-host': 'x',
    };
    const client = new WebSocket(url('/ws/flow/flow_one?session=a.b'), { headers });
    const heard: (string | number)[] = [];
    client.on('message', (data: Buffer, binary) => heard.push(binary ? data.length : data.toString()));
    await new Promise((resolve) => client.once('open', resolve));
    client.send('text');
    client.send(Buffer.alloc(500_000));
    while (heard.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toEqual(['hello', 'text', 500_000]);
    expect(asked[0]?.url).toBe('/ws/flow/flow_one?session=a.b');
    expect(asked[0]?.headers).toMatchObject({
      origin: 'https://shop.example',
      'x-forwarded-for': '127.0.0.1',
      host: new URL(url('/')).host,
    });
    expect(asked[0]?.headers).not.toHaveProperty('x-forwarded-host');
    const [there] = bridge.clients;
    there?.close(4404, 'gone');
    const [code, reason] = await new Promise<[number, Buffer]>((resolve) =>
      client.once('close', (...of) => resolve(of)),
    );
    expect([code, reason.toString()]).toEqual([4404, 'gone']);
  });

  it('ends at the bridge when the client is gone', async () => {
    const client = new WebSocket(url('/ws/flow/flow_one'));
    await new Promise((resolve) => client.once('message', resolve));
    const gone = new Promise((resolve) => [...bridge.clients].at(-1)?.once('close', resolve));
    client.terminate();
    await gone;
  });

  it('answers 503 while the bridge is away', async () => {
    const empty = createServer();
    const port = await listen(empty);
    await new Promise((resolve) => empty.close(resolve));
    const known = adapter;
    adapter = adapterTo(port);
    const answer = await new Promise<string>((resolve) => {
      const raw = connect((door.address() as AddressInfo).port, '127.0.0.1');
      let text = '';
      raw.on('data', (chunk) => (text += chunk.toString()));
      raw.on('close', () => resolve(text));
      raw.write('GET /ws/flow/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    adapter = known;
  });
});
