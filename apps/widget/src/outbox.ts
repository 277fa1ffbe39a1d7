import { plainArray } from './plain-json.ts';
import { readStoredJson, writeStored } from './storage.ts';

/** A post that is not known to be stored. */
export interface Unsent {
  id: string;
  text: string;
  /** As it was first sent: a repeat under the same id has to say the same. */
  conversationId: string | null;
}

/** Posts on their way, kept over a reload of the tab, so that each is sent until it is stored. */
export class Outbox {
  private readonly key: string;
  private posts: Unsent[];

  constructor(channelId: string) {
    this.key = `parley:${channelId}:unsent`;
    const found = readStoredJson('sessionStorage', this.key);
    this.posts = Array.isArray(found) ? found.filter(isUnsent) : [];
  }

  all(): readonly Unsent[] {
    return this.posts;
  }

  add(post: Unsent): void {
    this.keep([...this.posts.filter(({ id }) => id !== post.id), post]);
  }

  remove(id: string): void {
    this.keep(this.posts.filter((post) => post.id !== id));
  }

  private keep(posts: Unsent[]): void {
    this.posts = posts;
    writeStored('sessionStorage', this.key, posts.length > 0 ? JSON.stringify(plainArray(posts)) : null);
  }
}

/** What another program, or an earlier version, has written under the key is not sent. */
function isUnsent(value: unknown): value is Unsent {
  if (typeof value !== 'object' || value === null) return false;
  const { id, text, conversationId } = value as Record<string, unknown>;
  const isNamed = typeof id === 'string' && id !== '' && typeof text === 'string' && text.trim() !== '';
  return isNamed && (conversationId === null || typeof conversationId === 'string');
}
