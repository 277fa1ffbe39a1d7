import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort, type LiveKitServer, startLiveKitServer, until } from '@parley/testing';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import type { Page, WebSocketRoute } from 'playwright-core';

const widget = new URL('../../../widget/dist/', import.meta.url);
const key = { apiKey: 'stage', apiSecret: 'a-secret-of-at-least-32-characters' };

/** What the pages of a stage are answered; a spec changes it as its story needs. */
export interface Session {
  voice: boolean;
  conversationId: string | null;
}

/** A LiveKit server, the built widget on a page, and sessions as the gateway answers them: nothing else of Parley. */
export class CallStage {
  readonly session: Session = { voice: true, conversationId: null };
  /** Posts of the page, as they came. */
  readonly posts: string[] = [];
  port = 0;
  liveKit: LiveKitServer | null = null;
  private readonly pages: Server;
  private liveKitPort = 0;
  private rooms = 0;
  private room = '';
  private readonly agents: ScriptedAgent[] = [];

  constructor() {
    this.pages = createServer((request, response) => {
      void this.answer(request.url ?? '/', response);
    });
  }

  async open(): Promise<void> {
    this.liveKitPort = await freePort();
    await this.raiseLiveKit();
    await new Promise<void>((resolve) => this.pages.listen(0, '127.0.0.1', resolve));
    this.port = (this.pages.address() as AddressInfo).port;
  }

  async raiseLiveKit(): Promise<void> {
    this.liveKit = await startLiveKitServer({ ...key, port: this.liveKitPort });
  }

  async close(): Promise<void> {
    for (const agent of this.agents) agent.kill();
    this.pages.closeAllConnections();
    this.pages.close();
    await this.liveKit?.process.stop();
  }

  /** An agent that does as it is told takes the next call. */
  async agent(): Promise<ScriptedAgent> {
    this.room = await until('somebody calls', () => this.newRoom());
    return this.anotherAgent();
  }

  /** One more agent joins the call that was taken last. */
  async anotherAgent(): Promise<ScriptedAgent> {
    const of = { identity: `agent-${this.agents.length}`, room: this.room, agent: true };
    const agent = await ScriptedAgent.join(this.liveKit?.url ?? '', await this.token(of));
    this.agents.push(agent);
    return agent;
  }

  /** Ends the call that was taken last, as telephony does at the end of each. */
  async endCall(): Promise<void> {
    await this.server().deleteRoom(this.room);
  }

  private server(): RoomServiceClient {
    return new RoomServiceClient(this.liveKit?.url ?? '', key.apiKey, key.apiSecret);
  }

  /** A room behind the last one, with somebody in it. */
  private async newRoom(): Promise<string | undefined> {
    const number = (room: string): number => Number(room.split('_')[1] ?? 0);
    const rooms = await this.server().listRooms();
    const found = rooms.find((room) => room.numParticipants > 0 && number(room.name) > number(this.room));
    return found?.name;
  }

  /** Plays the gateway's part of the live connection. */
  async connect(page: Page): Promise<{ send(frame: object): void }> {
    let socket: WebSocketRoute | null = null;
    await page.routeWebSocket(/\/ws\/realtime$/, (route) => {
      socket = route;
      const send = (frame: object): void => route.send(JSON.stringify(frame));
      route.onMessage((text) => this.hear(JSON.parse(String(text)) as Record<string, unknown>, send));
    });
    return { send: (frame) => socket?.send(JSON.stringify(frame)) };
  }

  private hear(frame: Record<string, unknown>, send: (frame: object) => void): void {
    const { type, conversationId } = frame;
    if (type === 'authenticate') send({ type: 'ready' });
    if (type === 'subscribe') send({ type: 'subscribed', conversationId, lastSequence: 0 });
    if (type === 'post') this.posts.push(JSON.stringify(frame));
  }

  private async answer(url: string, response: ServerResponse): Promise<void> {
    const path = url.split('?')[0] ?? '/';
    if (path.endsWith('/sessions')) {
      response.writeHead(201, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify(await this.openSession()));
    }
    if (path.endsWith('.js')) {
      response.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' });
      return void response.end(await readFile(new URL(`.${path}`, widget)));
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><html lang="en"><title>A shop</title><main><h1>A shop</h1></main>
      <script src="/widget.js" data-channel="chan_stage" data-language="en"></script></html>`);
  }

  private async openSession(): Promise<object> {
    const { voice, conversationId } = this.session;
    const token = { identity: 'caller-1', room: `call_${(this.rooms += 1)}`, agent: false };
    return {
      visitorToken: 'visitor',
      spaceId: 'spc_1',
      conversationId,
      socketUrl: `ws://127.0.0.1:${this.port}/ws/realtime`,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      configuration: { title: 'Pia', greeting: 'What would you like to know?' },
      ...(voice ? { serverUrl: this.liveKit?.url, participantToken: await this.token(token) } : {}),
    };
  }

  private token(of: { identity: string; room: string; agent: boolean }): Promise<string> {
    const { identity, room, agent } = of;
    const token = new AccessToken(key.apiKey, key.apiSecret, { identity, ttl: 600 });
    if (agent) token.kind = 'agent';
    const canUpdateOwnMetadata = agent;
    token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, canUpdateOwnMetadata });
    return token.toJwt();
  }
}

/** An agent in a process of its own: it can be told what to do, and killed. */
export class ScriptedAgent {
  readonly reports: Record<string, unknown>[] = [];
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async join(url: string, token: string): Promise<ScriptedAgent> {
    const script = fileURLToPath(new URL('./scripted-agent.ts', import.meta.url));
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const child = spawn(process.execPath, [script, url, token], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const agent = new ScriptedAgent(child);
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      if (line.startsWith('{')) agent.reports.push(JSON.parse(line) as Record<string, unknown>);
    });
    await agent.report('joined');
    return agent;
  }

  /** Waits for what the agent reports; the newest counts. */
  async report(of: string): Promise<Record<string, unknown>> {
    return until(`the agent reports ${of}`, () => this.reports.findLast((one) => of in one));
  }

  tell(command: object): void {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
