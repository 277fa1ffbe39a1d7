import type { ClientFrame, ServerFrame } from '@parley/contracts';
import { RealtimeClient, type RealtimeOptions } from './realtime.ts';

/** A socket whose other side is played by the spec. */
class Played {
  static readonly all: Played[] = [];
  readonly sent: ClientFrame[] = [];
  readyState = 1;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: () => void;

  constructor() {
    Played.all.push(this);
    setTimeout(() => this.onopen?.(), 0);
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.sent.push(frame);
    if (frame.type === 'authenticate') this.tell({ type: 'ready' });
  }

  close(): void {
    this.readyState = 3;
    setTimeout(() => this.onclose?.(), 0);
  }

  tell(frame: ServerFrame): void {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(frame) }), 0);
  }

  posts(): string[] {
    return this.sent.flatMap((frame) => (frame.type === 'post' ? [frame.id] : []));
  }
}

describe('The realtime client', () => {
  const parts = [{ type: 'text' as const, text: 'Hello', format: 'plain' as const }];
  let client: RealtimeClient;

  beforeEach(() => {
    Played.all.length = 0;
    client = new RealtimeClient({
      url: 'ws://nowhere',
      token: () => 'token',
      listener: {},
      firstPauseMs: 10,
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

  it('gives a refusal to whoever posted', async () => {
    const sending = client.post('post-2', parts);
    (await posted(1)).tell({ type: 'error', code: 'bad_request', detail: 'Too long.', id: 'post-2' });
    await expect(sending).rejects.toThrow('Too long.');
  });
});
