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
    this.posts = read(this.key);
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
    try {
      sessionStorage.setItem(this.key, JSON.stringify(posts));
    } catch {
      // A browser that keeps nothing still sends, as long as the page is open.
    }
  }
}

function read(key: string): Unsent[] {
  try {
    const found = JSON.parse(sessionStorage.getItem(key) ?? '[]') as unknown;
    return Array.isArray(found) ? (found as Unsent[]) : [];
  } catch {
    return [];
  }
}
