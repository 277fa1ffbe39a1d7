import type { Trx } from '@parley/database';
import { sql } from 'kysely';

/** A command as it was asked. */
export interface CommandRequest {
  scope: string;
  key: string;
  spaceId: string;
  requestId: string;
  requestHash: string;
  /** Seconds the answer is kept. */
  keepSeconds: number;
}

/** The answer that a command's key already has. */
export interface KnownCommand {
  requestId: string;
  requestHash: string;
  status: number | null;
  answer: string | null;
  sealed: boolean;
}

/** All SQL of commands' idempotency keys. */
export class CommandRepository {
  /** Claims a key; false when it is known already. Waits for whoever is claiming it at this moment. */
  async claim<Tables>(trx: Trx<Tables>, request: CommandRequest): Promise<boolean> {
    const { scope, key, spaceId, requestId, requestHash, keepSeconds } = request;
    const { rows } = await sql`
      INSERT INTO command (scope, key, space_id, request_id, request_hash, expires_at)
      VALUES (${scope}, ${key}, ${spaceId}, ${requestId}, ${requestHash}, now() + ${keepSeconds} * interval '1 second')
      ON CONFLICT (scope, key) DO UPDATE SET
        request_id = excluded.request_id, request_hash = excluded.request_hash, status = NULL, answer = NULL, sealed = false, created_at = now(),
        expires_at = excluded.expires_at
      WHERE command.expires_at < now()
      RETURNING key`.execute(trx);
    return rows.length > 0;
  }

  async find<Tables>(trx: Trx<Tables>, scope: string, key: string): Promise<KnownCommand | undefined> {
    const { rows } = await sql<KnownCommand>`
      SELECT request_id AS "requestId", request_hash AS "requestHash", status, answer, sealed FROM command WHERE scope = ${scope} AND key = ${key}`.execute(
      trx,
    );
    return rows[0];
  }

  /** Stores the answer in the transaction of the effect. */
  async store<Tables>(
    trx: Trx<Tables>,
    request: CommandRequest,
    answer: { status: number; text: string; sealed: boolean },
  ): Promise<void> {
    await sql`
      UPDATE command SET status = ${answer.status}, answer = ${answer.text}, sealed = ${answer.sealed}
      WHERE scope = ${request.scope} AND key = ${request.key}`.execute(trx);
  }

  /** Whether this request (not only its key) is at work in another transaction: advisory locks tell without waiting. */
  async lock<Tables>(
    trx: Trx<Tables>,
    scope: string,
    key: string,
    requestId: string,
  ): Promise<'free' | 'same_request' | 'other_request'> {
    const { rows } = await sql<{ key_free: boolean; request_free: boolean }>`
      SELECT pg_try_advisory_xact_lock(hashtextextended(${`${scope}/${key}`}, 1)) AS key_free,
        pg_try_advisory_xact_lock(hashtextextended(${`${scope}/${key}/${requestId}`}, 2)) AS request_free`.execute(
      trx,
    );
    const [row] = rows;
    if (row?.key_free) return 'free';
    return row?.request_free ? 'other_request' : 'same_request';
  }

  async forgetExpired<Tables>(trx: Trx<Tables>): Promise<void> {
    await sql`DELETE FROM command WHERE ctid IN (SELECT ctid FROM command WHERE expires_at < now() LIMIT 1000)`.execute(
      trx,
    );
  }
}
