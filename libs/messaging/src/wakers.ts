import type { Database } from '@parley/database';

/** Wakes loops of this process by name, so that what was just committed is not found by polling. */
export class Wakers {
  private readonly database: Pick<Database<unknown>, 'afterCommit'>;
  private readonly sleepers = new Map<string, () => void>();
  private readonly woken = new Set<string>();
  private readonly listeners = new Map<string, () => void>();
  private readonly remoteListeners: ((name: string) => void)[] = [];
  private isLocal: (name: string) => boolean = () => false;

  constructor(database: Pick<Database<unknown>, 'afterCommit'>) {
    this.database = database;
  }

  /** Wakes a loop once the transaction has committed. */
  afterCommit(trx: object, name: string): void {
    this.database.afterCommit(trx, () => this.wake(name));
  }

  /** Says of a name whether its loop runs in this process: then nobody else needs to be told. */
  setLocalCheck(isLocal: (name: string) => boolean): void {
    this.isLocal = isLocal;
  }

  /** Wakes a loop here, and tells other processes when it does not run here. */
  wake(name: string): void {
    if (!this.wakeLocal(name) && !this.isLocal(name)) for (const notify of this.remoteListeners) notify(name);
  }

  /** Wakes a loop of this process alone; whether there is one. */
  wakeLocal(name: string): boolean {
    const sleeper = this.sleepers.get(name) ?? this.listeners.get(name);
    if (sleeper) sleeper();
    else this.woken.add(name);
    return sleeper !== undefined;
  }

  /** Wakes all loops of this process: what was told while nobody could hear it is found at once. */
  wakeAll(): void {
    for (const name of [...this.sleepers.keys(), ...this.listeners.keys()]) this.wakeLocal(name);
  }

  /** Calls a listener at each wake, until the returned function is called; at once for a wake that came before. */
  listen(name: string, listener: () => void): () => void {
    this.listeners.set(name, listener);
    if (this.woken.delete(name)) listener();
    return () => {
      if (this.listeners.get(name) === listener) this.listeners.delete(name);
    };
  }

  /** Tells other processes alone. */
  wakeRemote(name: string): void {
    for (const notify of this.remoteListeners) notify(name);
  }

  /** Is told of every wake that found nobody here. */
  onRemoteWake(notify: (name: string) => void): void {
    this.remoteListeners.push(notify);
  }

  /** Sleeps until woken, aborted, or the time is over; a wake that came before counts. */
  sleep(name: string, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.woken.delete(name) || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        if (this.sleepers.get(name) === done) this.sleepers.delete(name);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done, { once: true });
      this.sleepers.set(name, done);
    });
  }
}
