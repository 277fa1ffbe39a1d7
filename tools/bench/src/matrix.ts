import { randomBytes } from 'node:crypto';
import type { Shot } from './http-load.ts';
import type { Synapse } from './synapse.ts';
import { registrationMac } from './synapse-config.ts';

/** A registered user. */
export interface MatrixUser {
  name: string;
  token: string;
}

/** A message as a history or a sync gives it. */
export interface MatrixMessage {
  body: string;
  /** The sender's full name. */
  sender: string;
}

interface Timeline {
  type: string;
  sender: string;
  content: { body?: string };
}

/** As long as the webhooks of the bench are. */
const TEXT = 'Hello, I would like to know when the parcel with the blue lamp will arrive. Thank you.';
const PAGE = 1000;
const WAIT_MS = 5000;

function messagesOf(events: readonly Timeline[]): MatrixMessage[] {
  return events
    .filter(({ type }) => type === 'm.room.message')
    .map(({ sender, content }) => ({ sender, body: content.body ?? '' }));
}

/** The few requests of Matrix's client API that a measurement needs. */
export class Matrix {
  private readonly synapse: Synapse;

  constructor(synapse: Synapse) {
    this.synapse = synapse;
  }

  async register(name: string): Promise<MatrixUser> {
    const path = '/_synapse/admin/v1/register';
    const { nonce } = await this.call<{ nonce: string }>(null, path);
    const password = randomBytes(12).toString('hex');
    const mac = registrationMac(this.synapse.secret, { nonce, name, password });
    const body = { nonce, username: name, password, admin: false, mac };
    const made = await this.call<{ access_token: string }>(null, path, { method: 'POST', body });
    return { name, token: made.access_token };
  }

  /** Makes a room that everybody may join; its id. */
  async makeRoom(user: MatrixUser): Promise<string> {
    const body = { preset: 'public_chat' };
    const made = await this.call<{ room_id: string }>(user, '/_matrix/client/v3/createRoom', {
      method: 'POST',
      body,
    });
    return made.room_id;
  }

  async join(user: MatrixUser, room: string): Promise<void> {
    await this.call(user, `/_matrix/client/v3/join/${encodeURIComponent(room)}`, {
      method: 'POST',
      body: {},
    });
  }

  /** A message ready to be sent; its text begins with its id. */
  shot(user: MatrixUser, room: string, id: string): Shot {
    const body = JSON.stringify({ msgtype: 'm.text', body: `${id} ${TEXT}` });
    const head = [
      `PUT /_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${id} HTTP/1.1`,
      `host: 127.0.0.1:${this.synapse.port}`,
      `authorization: Bearer ${user.token}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    return { id, bytes: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`) };
  }

  /** All messages of a room, oldest first. */
  async history(user: MatrixUser, room: string): Promise<MatrixMessage[]> {
    const messages: MatrixMessage[] = [];
    for (let from: string | undefined = ''; from !== undefined; ) {
      const query = new URLSearchParams({ dir: 'f', limit: String(PAGE), ...(from ? { from } : {}) });
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/messages?${query.toString()}`;
      const page: { chunk: Timeline[]; end?: string } = await this.call(user, path);
      messages.push(...messagesOf(page.chunk));
      from = page.chunk.length > 0 ? page.end : undefined;
    }
    return messages;
  }

  /** Waits for what is new to a user; the time is that of its arrival. Without `since` it answers at once. */
  async sync(
    user: MatrixUser,
    since: string | null,
  ): Promise<{ next: string; at: number; messages: MatrixMessage[] }> {
    const query = new URLSearchParams({
      filter: JSON.stringify({ room: { timeline: { limit: 500 } } }),
      ...(since === null ? {} : { since, timeout: String(WAIT_MS) }),
    });
    const text = await this.text(user, `/_matrix/client/v3/sync?${query.toString()}`);
    const at = performance.now();
    const answer = JSON.parse(text) as {
      next_batch: string;
      rooms?: { join?: Record<string, { timeline: { events: Timeline[] } }> };
    };
    const rooms = Object.values(answer.rooms?.join ?? {});
    return {
      next: answer.next_batch,
      at,
      messages: rooms.flatMap(({ timeline }) => messagesOf(timeline.events)),
    };
  }

  private async call<Answer>(
    user: MatrixUser | null,
    path: string,
    request?: { method: string; body: unknown },
  ): Promise<Answer> {
    return JSON.parse(await this.text(user, path, request)) as Answer;
  }

  private async text(
    user: MatrixUser | null,
    path: string,
    request?: { method: string; body: unknown },
  ): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.synapse.port}${path}`, {
      method: request?.method ?? 'GET',
      headers: {
        'content-type': 'application/json',
        ...(user ? { authorization: `Bearer ${user.token}` } : {}),
      },
      ...(request ? { body: JSON.stringify(request.body) } : {}),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`Synapse answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
    return text;
  }
}
