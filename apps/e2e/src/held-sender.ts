import { Client } from 'pg';
import { until } from '@parley/testing';

/**
 * Holds the row that only one sender's messages need: whoever handles one stands still in the midst of its transaction,
 * and is seen. Uses two connections: within a transaction PostgreSQL shows the same activity for ever.
 */
export class HeldSender {
  readonly database: Client;
  private readonly holder: Client;
  private holderPid = 0;

  constructor(connectionString: string) {
    this.database = new Client({ connectionString });
    this.holder = new Client({ connectionString });
  }

  async open(): Promise<this> {
    await Promise.all([this.database.connect(), this.holder.connect()]);
    return this;
  }

  async close(): Promise<void> {
    await Promise.all([this.database.end(), this.holder.end()]);
  }

  /** Holds the conversation of a sender, which must be there. */
  async hold(channelId: string, sender: string): Promise<void> {
    await this.holder.query('BEGIN');
    const { rows } = await this.holder.query<{ pid: number }>(
      'SELECT pg_backend_pid() AS pid FROM conversation.conversation WHERE channel_id = $1 AND sender_id = $2 FOR UPDATE',
      [channelId, sender],
    );
    const [row] = rows;
    if (!row) throw new Error(`${sender} has no conversation.`);
    this.holderPid = row.pid;
  }

  async release(): Promise<void> {
    await this.holder.query('ROLLBACK');
  }

  /** Backends that stand still at what is held. */
  async waiting(): Promise<number[]> {
    const { rows } = await this.database.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
      [this.holderPid],
    );
    return rows.map(({ pid }) => pid);
  }

  async seen(): Promise<void> {
    await until('somebody handles the message', async () => (await this.waiting()).length > 0);
  }
}
