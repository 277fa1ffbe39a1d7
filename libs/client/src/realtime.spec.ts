import type { ClientFrame, ServerFrame } from '@parley/contracts';
import { RealtimeClient, type RealtimeOptions } from './realtime.ts';

/** A socket whose other side is played by the spec. */
class Played {
  static readonly all: Played[] = [];
  readonly sent: ClientFrame[] = [];
  readyState = 1;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;

  constructor() {
    Played.all.push(this);
    setTimeout(() => this.onopen?.(), 0);
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.sent.push(frame);
    if (frame.type === 'authenticate') this.tell({ type: 'ready' });
  }

  close(code = 1006): void {
    this.readyState = 3;
    setTimeout(() => this.onclose?.({ code }), 0);
  }

  tell(frame: ServerFrame): void {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(frame) }), 0);
  }

  posts(): string[] {
    return this.sent.flatMap((frame) => (frame.type === 'post' ? [frame.id] : []));
  }
}

describe('The realtime client', () => {
  const until = async <Found>(look: () => Found): Promise<NonNullable<Found>> => {
    for (let waited = 0; waited < 8000; waited += 10) {
      const found = look();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('It has not come so far.');
  };
  const PAUSE_MS = 10;
  const parts = [{ type: 'text' as const, text: 'Hello', format: 'plain' as const }];
  let client: RealtimeClient;

  beforeEach(() => {
    Played.all.length = 0;
    client = new RealtimeClient({
      url: 'ws://nowhere',
      token: () => 'token',
      listener: {},
      firstPauseMs: PAUSE_MS,
      webSocket: Played as unknown as NonNullable<RealtimeOptions['webSocket']>,
    });
    client.connect();
  });

  afterEach(() => client.close());

  const posted = async (times: number): Promise<Played> => {
    for (let waited = 0; waited < 3000; waited += 10) {
      const last = Played.all.at(-1);
      if (last && last.posts().length >= times) return last;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`It was not posted ${times} times.`);
  };

  it('repeats a post under its id after a reconnect, also while what was sent before is still at work', async () => {
    const sending = client.post('post-1', parts);
    (await posted(1)).close();
    while (Played.all.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const second = await posted(1);
    second.tell({ type: 'error', code: 'still_running', detail: 'Still at work.', id: 'post-1' });
    await posted(2);
    const message = { id: 'msg_1' } as Extract<ServerFrame, { type: 'posted' }>['message'];
    second.tell({ type: 'posted', id: 'post-1', message });
    expect(await sending).toEqual(message);
    expect(second.posts()).toEqual(['post-1', 'post-1']);
  });

  it('resumes many subscriptions no faster than a server takes frames, in their order', async () => {
    await until(() => Played.all[0]?.sent.some(({ type }) => type === 'authenticate'));
    for (let no = 0; no < 60; no += 1) client.subscribe(`conv_${no}`, 0);
    (await until(() => Played.all[0])).close();
    const second = await until(() => Played.all[1]);
    await until(() => second.sent.length > 40);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const subscribed = second.sent.flatMap((frame) =>
      frame.type === 'subscribe' && 'conversationId' in frame ? [frame.conversationId] : [],
    );
    expect(subscribed.length).toBeGreaterThan(40);
    expect(subscribed.length).toBeLessThan(50);
    expect(subscribed).toEqual(subscribed.map((_id, no) => `conv_${no}`));
  });

  it('does not resume a conversation that was deleted', async () => {
    const first = await until(() => Played.all.find(({ sent }) => sent.length > 0));
    client.subscribe('conv_gone', 0);
    client.subscribe('conv_kept', 0);
    const gone = {
      conversationId: 'conv_gone',
      sequence: 3,
      data: { conversationId: 'conv_gone', sequence: 3 },
    };
    first.tell({ type: 'event', name: 'conversation.deleted', ...gone });
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.close();
    const second = await until(() => Played.all[1]);
    const resumed = await until(() => second.sent.find(({ type }) => type === 'subscribe'));
    expect(resumed).toMatchObject({ conversationId: 'conv_kept' });
  });

  it('waits sixteen times as long as usual after it was too fast', async () => {
    const first = await until(() => Played.all.find(({ sent }) => sent.length > 0));
    first.close(4429);
    await new Promise((resolve) => setTimeout(resolve, 5 * PAUSE_MS));
    expect(Played.all).toHaveLength(1);
    await until(() => Played.all.length === 2);
  });

  it('connects at once after a pause, resumes where it was, and repeats what was not answered', async () => {
    const first = await until(() => Played.all.find(({ sent }) => sent.length > 0));
    client.subscribe('conv_1', 4);
    void client.post('post-3', parts).catch(() => undefined);
    await posted(1);
    client.pause();
    await new Promise((resolve) => setTimeout(resolve, 10 * PAUSE_MS));
    expect([first.readyState, Played.all.length]).toEqual([3, 1]);
    client.resume();
    const second = await until(() => Played.all[1]);
    await until(() => second.posts().length === 1);
    expect(second.sent).toContainEqual({ type: 'subscribe', conversationId: 'conv_1', afterSequence: 4 });
  });

  it('does not wait for the end of a back-off when it is resumed, unless it was too fast', async () => {
    const patient = new RealtimeClient({
      url: 'ws://nowhere',
      token: () => 'token',
      listener: {},
      firstPauseMs: 10_000,
      webSocket: Played as unknown as NonNullable<RealtimeOptions['webSocket']>,
    });
    Played.all.length = 0;
    patient.connect();
    (await until(() => Played.all.find(({ sent }) => sent.length > 0))).close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    patient.resume();
    const second = await until(() => Played.all[1]);
    await until(() => second.sent.length > 0);
    second.close(4429);
    await new Promise((resolve) => setTimeout(resolve, 20));
    patient.resume();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Played.all).toHaveLength(2);
    patient.close();
  });

  it('gives a refusal to whoever posted', async () => {
    const sending = client.post('post-2', parts);
    (await posted(1)).tell({ type: 'error', code: 'bad_request', detail: 'Too long.', id: 'post-2' });
    await expect(sending).rejects.toThrow('Too long.');
  });
});
