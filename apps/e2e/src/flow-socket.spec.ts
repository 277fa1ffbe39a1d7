import {
  createSessionUrl,
  type FlowServerFrame,
  getConversation,
  getSessionUrl,
  listMessages,
  updateChannel,
} from '@parley/contracts';
import { WebSocket } from 'ws';
import { until } from '@parley/testing';
import { clientOf, readDemo } from './demo.ts';

const QUESTION = 'How long is an access token valid?';

describe('A page of one’s own that talks with a flow', () => {
  const demo = readDemo();
  const client = clientOf(demo);
  const { spaceId, webChannelId: channelId } = demo;
  const address = `${demo.baseUrl.replace('http', 'ws')}/ws/flow/${demo.flowId}`;

  /** What a session hears. */
  class Session {
    readonly frames: FlowServerFrame[] = [];
    closed: number | null = null;
    readonly socket: WebSocket;

    constructor(url: string, headers: Record<string, string> = {}) {
      this.socket = new WebSocket(url, { headers });
      this.socket.on('message', (data: Buffer, binary) => {
        if (!binary) this.frames.push(JSON.parse(data.toString()) as FlowServerFrame);
      });
      this.socket.on('close', (code) => (this.closed = code));
      this.socket.on('error', () => undefined);
    }

    async ready(): Promise<string> {
      const frame = await until('the session is ready', () =>
        this.frames.find((one) => one.type === 'ready'),
      );
      return frame.conversationId;
    }

    async transcript(count: number): Promise<string[]> {
      const said = (): string[] =>
        this.frames.flatMap((one) => (one.type === 'transcript' ? [`${one.role}: ${one.text}`] : []));
      await until(`${count} transcripts`, () => said().length >= count);
      return said();
    }

    async end(): Promise<number> {
      return until('the session is closed', () => this.closed);
    }
  }

  it('hears the greeting, asks, and is answered from the documents; history has it all', async () => {
    expect(demo.flowId).toMatch(/^flow_/);
    const session = new Session(address, { origin: demo.baseUrl });
    const conversationId = await session.ready();
    expect(await session.transcript(1)).toEqual([expect.stringMatching(/^assistant: Hello!/)]);
    // Whoever only looks leaves nothing behind.
    await expect(client.call(getConversation, { spaceId, conversationId })).rejects.toMatchObject({
      status: 404,
    });
    session.socket.send(JSON.stringify({ type: 'text', text: QUESTION }));
    const [, answer] = await session.transcript(2);
    expect(answer).toMatch(/^assistant: .*ten minutes/s);
    const { data } = await client.call(listMessages, { spaceId, conversationId });
    const [greeting, question, reply] = data.toSorted((one, other) => one.sequence - other.sequence);
    expect(data).toHaveLength(3);
    expect(greeting?.author.type).toBe('agent');
    expect(question).toMatchObject({
      author: { type: 'contact' },
      parts: [{ type: 'text', text: QUESTION }],
    });
    expect(reply?.replyTo).toBe(question?.id);
    expect(reply?.citations.length).toBeGreaterThan(0);
    expect(session.frames.filter(({ type }) => type === 'transcript')).toHaveLength(2);
    session.socket.close();
  });

  it('is written as the embed snippet shows', async () => {
    const snippet = `
      const ws = new WebSocket("wss://parley.example/ws/flow/YOUR_FLOW_ID");
      ws.binaryType = "arraybuffer";
    `.replace('wss://parley.example/ws/flow/YOUR_FLOW_ID', address);
    const ws = new Function('WebSocket', `${snippet} return ws;`)(
      globalThis.WebSocket,
    ) as globalThis.WebSocket;
    const heard: string[] = [];
    ws.onmessage = ({ data }) => void heard.push(String(data));
    ws.onopen = () => ws.send(JSON.stringify({ type: 'text', text: QUESTION }));
    await until('the answer', () => heard.some((text) => text.includes('ten minutes')));
    expect(heard.filter((text) => text.includes('"transcript"')).length).toBe(2);
    ws.close();
  });

  it('has an address that stays, and one that lets a single session in from anywhere', async () => {
    const lasting = await client.call(getSessionUrl, { spaceId, channelId });
    expect(new URL(lasting.url).pathname).toBe(new URL(address).pathname);
    const { url, expiresAt } = await client.call(createSessionUrl, { spaceId, channelId });
    expect(url.startsWith(`${lasting.url}?session=`)).toBe(true);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(300_000);
    const session = new Session(url, { origin: 'https://anywhere.example' });
    await session.ready();
    expect(await new Session(url, { origin: 'https://anywhere.example' }).end()).toBe(4401);
    session.socket.close();
  });

  it('is let in from an allowed origin alone', async () => {
    const site = 'https://shop.example:8443';
    expect(await new Session(address, { origin: site }).end()).toBe(4403);
    const configuration = { allowedOrigins: [site] };
    await client.call(updateChannel, { spaceId, channelId, configuration });
    const session = await until('the new origin is known', async () => {
      const one = new Session(address, { origin: site });
      await until('it is decided', () => one.closed ?? one.frames[0]);
      return one.closed === null ? one : null;
    });
    session.socket.close();
    expect(await new Session(address, { origin: 'https://shop.example' }).end()).toBe(4403);
    expect(await new Session(`${address}x`, { origin: site }).end()).toBe(4404);
    const before = { allowedOrigins: [] };
    await client.call(updateChannel, { spaceId, channelId, configuration: before });
  });
});
