import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@parley/testing';
import { WebSocket, WebSocketServer } from 'ws';
import { guardedServerOptions, GuardedSocket } from './guarded-socket.ts';
import { rejectUpgrade } from './reject-upgrade.ts';

const limits = { unsentBytes: 100_000, inbound: { perSecond: 1_000_000, burst: 200_000 } };

describe('A guarded socket', () => {
  const sockets = new WebSocketServer({ ...guardedServerOptions, maxPayload: 100_000 });
  let door: Server;
  let url = '';
  let guarded: GuardedSocket;
  let heard: number[] = [];
  const clients: WebSocket[] = [];

  beforeAll(async () => {
    door = createServer();
    door.on('upgrade', (request, socket, head) => {
      if (request.url === '/nowhere') return rejectUpgrade(socket, 429, 3);
      return sockets.handleUpgrade(request, socket, head, (one) => {
        one.on('error', () => undefined);
        guarded = new GuardedSocket(one, limits);
        guarded.onMessage((data) => heard.push(data.length));
        guarded.onPong(() => undefined);
      });
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    url = `ws://127.0.0.1:${(door.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.terminate();
  });
  afterAll(() => new Promise((resolve) => door.close(resolve)));

  async function open(): Promise<{ client: WebSocket; ended: Promise<number> }> {
    heard = [];
    const client = new WebSocket(url);
    clients.push(client);
    const ended = new Promise<number>((resolve) => client.once('close', resolve));
    client.on('error', () => undefined);
    await new Promise((resolve) => client.once('open', resolve));
    return { client, ended };
  }

  it('reads no more while somebody holds it, and goes on when the last lets go', async () => {
    const { client } = await open();
    guarded.pauseReading('one');
    guarded.pauseReading('two');
    client.send('x'.repeat(10));
    guarded.resumeReading('one');
    await sleep(50);
    expect(heard).toEqual([]);
    guarded.resumeReading('two');
    await until('it is read', () => heard.length === 1);
  });

  it('reads no faster than its share of bytes', async () => {
    const { client } = await open();
    const began = performance.now();
    for (let no = 0; no < 10; no += 1) client.send(Buffer.alloc(60_000));
    await until('all is read', () => heard.length === 10);
    // 600 kB, of which 200 kB and one message come at once.
    expect(performance.now() - began).toBeGreaterThan(300);
  });

  it('drops what comes after a close unread, and cuts a peer that goes on for good', async () => {
    const { client, ended } = await open();
    guarded.close(4401, 'é'.repeat(100));
    for (let no = 0; no < 5000; no += 1) client.send('late');
    expect(await ended).toBe(4401);
    expect(heard).toEqual([]);
  });

  it('cuts a flood: its peer reads why, and not another byte of it is read', async () => {
    const { client, ended } = await open();
    const flood = setInterval(() => {
      if (client.bufferedAmount < 10_000_000) for (let no = 0; no < 500; no += 1) client.send('x');
    }, 1);
    await until('it floods', () => heard.length > 100);
    guarded.closeWithoutReading(4429, 'Too many.');
    const before = heard.length;
    expect(await ended).toBe(4429);
    clearInterval(flood);
    expect(heard.length).toBe(before);
  });

  it.each(['ping', 'pong'] as const)('answers a few of %s, and cuts a flood of them', async (kind) => {
    const { client, ended } = await open();
    let pongs = 0;
    client.on('pong', () => (pongs += 1));
    for (let no = 0; no < 1000; no += 1) client[kind]();
    expect(await ended).toBe(4429);
    expect(pongs).toBeLessThanOrEqual(30);
  });

  it('is closed over a message in too many pieces', async () => {
    const { client, ended } = await open();
    for (let no = 0; no < 300; no += 1) client.send('x', { fin: false });
    expect(await ended).toBe(1008);
  });

  it('cuts a peer that does not read', async () => {
    const { client, ended } = await open();
    client.pause();
    await until('it is cut', () => {
      guarded.send(Buffer.alloc(50_000));
      return !guarded.isOpen;
    });
    client.resume();
    expect(await ended).toBe(1006);
  });

  it('keeps nobody whose upgrade was refused', async () => {
    const raw = connect((door.address() as AddressInfo).port, '127.0.0.1');
    raw.on('error', () => undefined);
    let answer = '';
    raw.on('data', (chunk) => (answer += chunk.toString()));
    raw.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const writer = setInterval(() => raw.write('x'), 50);
    await new Promise((resolve) => raw.once('close', resolve));
    clearInterval(writer);
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*Retry-After: 3/);
  });
});
