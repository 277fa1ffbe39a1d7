import { Injectable } from '@nestjs/common';
import type { CallRow, RecordingConsent, RecordingRow, TelephonyTrx } from '../database.ts';

/** What can be written of a recording that stands. */
type Change = Partial<Pick<RecordingRow, 'status' | 'reason' | 'parts' | 'incomplete'>>;

@Injectable()
export class RecordingsRepository {
  async saveConsent(trx: TelephonyTrx, spaceId: string, consent: RecordingConsent): Promise<void> {
    await trx
      .insertInto('space')
      .values({ space_id: spaceId, recording_consent: consent })
      .onConflict((conflict) => conflict.column('space_id').doUpdateSet({ recording_consent: consent }))
      .execute();
  }

  /** Keeps what a space says, where no fact has told it. */
  async learnConsent(trx: TelephonyTrx, spaceId: string, consent: RecordingConsent): Promise<void> {
    await trx
      .insertInto('space')
      .values({ space_id: spaceId, recording_consent: consent })
      .onConflict((conflict) => conflict.column('space_id').doNothing())
      .execute();
  }

  /** What a space says; null where that is not known. */
  async consentOf(trx: TelephonyTrx, spaceId: string): Promise<RecordingConsent | null> {
    const found = await trx
      .selectFrom('space')
      .select('recording_consent')
      .where('space_id', '=', spaceId)
      .executeTakeFirst();
    return found?.recording_consent ?? null;
  }

  /** The recording of a call's present job; one that stands already stays as it is. */
  async insert(
    trx: TelephonyTrx,
    call: CallRow,
    begun: Pick<RecordingRow, 'asset_id' | 'status' | 'reason' | 'started_at'>,
  ): Promise<void> {
    const { space_id, id: call_id, generation } = call;
    await trx
      .insertInto('recording')
      .values({ space_id, call_id, generation, parts: null, ...begun })
      .onConflict((conflict) => conflict.columns(['space_id', 'call_id', 'generation']).doNothing())
      .execute();
  }

  /** The recording that a file holds. */
  async find(trx: TelephonyTrx, spaceId: string, assetId: string): Promise<RecordingRow | undefined> {
    return trx
      .selectFrom('recording')
      .selectAll()
      .where('space_id', '=', spaceId)
      .where('asset_id', '=', assetId)
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
      .execute();
  }

  /** Calls of a conversation that have recordings, whatever became of them. */
  async callsOf(trx: TelephonyTrx, spaceId: string, conversationId: string): Promise<string[]> {
    const rows = await trx
      .selectFrom('call')
      .innerJoin('recording', (join) =>
        join.onRef('recording.space_id', '=', 'call.space_id').onRef('recording.call_id', '=', 'call.id'),
      )
      .select('call.id')
      .distinct()
      .where('call.space_id', '=', spaceId)
      .where('call.conversation_id', '=', conversationId)
      .orderBy('call.id')
      .execute();
    return rows.map(({ id }) => id);
  }

  async update(trx: TelephonyTrx, row: RecordingRow, change: Change): Promise<void> {
    await trx
      .updateTable('recording')
      .set(change)
      .where('space_id', '=', row.space_id)
      .where('call_id', '=', row.call_id)
      .where('generation', '=', row.generation)
      .execute();
  }
}
