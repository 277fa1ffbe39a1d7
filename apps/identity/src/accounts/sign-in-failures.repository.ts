import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { IdentityTrx } from '../database.ts';

/** What is known of the attempts for an account. */
export interface CountedAttempts {
  /** From this network within its window, this one included. */
  failures: number;
  endsAt: Date;
  /** From all networks. */
  inAll: number;
  /** Whether the account has a session in this network. */
  known: boolean;
}

@Injectable()
export class SignInFailuresRepository {
  /** Counts an attempt. A window begins with its first failure, and attempts beyond the limit do not move it. */
  async count(
    trx: IdentityTrx,
    attempt: { email: string; network: string; windowSeconds: number; limit: number },
  ): Promise<CountedAttempts> {
    const { email, network, windowSeconds, limit } = attempt;
    const { rows } = await sql<CountedAttempts>`
      WITH counted AS (
        INSERT INTO sign_in_failure (email, network, failures) VALUES (${email}, ${network}, 1)
        ON CONFLICT (email, network) DO UPDATE SET
          failures = CASE WHEN sign_in_failure.since > now() - ${windowSeconds} * interval '1 second'
            THEN least(sign_in_failure.failures + 1, ${limit} + 1) ELSE 1 END,
          since = CASE WHEN sign_in_failure.since > now() - ${windowSeconds} * interval '1 second' THEN sign_in_failure.since ELSE now() END
        RETURNING failures, since)
      SELECT counted.failures, counted.since + ${windowSeconds} * interval '1 second' AS "endsAt",
        (SELECT coalesce(sum(other.failures), 0)::int FROM sign_in_failure other
          WHERE other.email = ${email} AND other.since > now() - ${windowSeconds} * interval '1 second') AS "inAll",
        EXISTS (SELECT FROM session JOIN account ON account.id = session.account_id
          WHERE account.email = ${email} AND session.network = ${network}) AS known
      FROM counted`.execute(trx);
    await sql`
      DELETE FROM sign_in_failure WHERE ctid IN (
        SELECT ctid FROM sign_in_failure WHERE since < now() - interval '1 day' LIMIT 20 FOR UPDATE SKIP LOCKED)`.execute(
      trx,
    );
    const [row] = rows;
    if (!row) throw new Error('An attempt to sign in was not counted.');
    return row;
  }

  async forget(trx: IdentityTrx, email: string, network: string): Promise<void> {
    await trx
      .deleteFrom('sign_in_failure')
      .where('email', '=', email)
      .where('network', '=', network)
      .execute();
  }

  /** Forgets the attempts of all networks. */
  async forgetAll(trx: IdentityTrx, email: string): Promise<void> {
    await trx.deleteFrom('sign_in_failure').where('email', '=', email).execute();
  }
}
