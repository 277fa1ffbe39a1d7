import { Injectable } from '@nestjs/common';
import type { CallRow, RecordingConsent, RecordingRow, TelephonyTrx } from '../database.ts';

@Injectable()
export class RecordingsRepository {
  async saveConsent(trx: TelephonyTrx, spaceId: string, consent: RecordingConsent): Promise<void> {
    await trx
      .insertInto('space')
      .values({ space_id: spaceId, recording_consent: consent })
      .onConflict((conflict) => conflict.column('space_id').doUpdateSet({ recording_consent: consent }))
      .execute();
  }

  /** What a space says; one that has not said anything announces. */
  async consentOf(trx: TelephonyTrx, spaceId: string): Promise<RecordingConsent> {
    const found = await trx
      .selectFrom('space')
      .select('recording_consent')
      .where('space_id', '=', spaceId)
      .executeTakeFirst();
    return found?.recording_consent ?? 'announcement';
  }

  /** A recording that begins; one that has begun already stays as it is. */
  async insert(trx: TelephonyTrx, call: CallRow, begun: { id: string; at: Date }): Promise<void> {
    await trx
      .insertInto('recording')
      .values({
        space_id: call.space_id,
        id: begun.id,
        call_id: call.id,
        generation: call.generation,
        status: 'open',
        parts: null,
        started_at: begun.at,
      })
      .onConflict((conflict) => conflict.columns(['space_id', 'id']).doNothing())
      .execute();
  }

  async find(trx: TelephonyTrx, spaceId: string, id: string): Promise<RecordingRow | undefined> {
    return trx
      .selectFrom('recording')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  /** Recordings of a call, the latest first. */
  async ofCall(
    trx: TelephonyTrx,
    { space_id, id }: Pick<CallRow, 'space_id' | 'id'>,
  ): Promise<RecordingRow[]> {
    return trx
      .selectFrom('recording')
      .selectAll()
      .where('space_id', '=', space_id)
      .where('call_id', '=', id)
      .orderBy('generation', 'desc')
      .orderBy('id', 'desc')
      .execute();
  }

  async update(
    trx: TelephonyTrx,
    row: RecordingRow,
    change: Partial<Pick<RecordingRow, 'status' | 'parts' | 'incomplete'>>,
  ): Promise<void> {
    await trx
      .updateTable('recording')
      .set(change)
      .where('space_id', '=', row.space_id)
      .where('id', '=', row.id)
      .execute();
  }
}
