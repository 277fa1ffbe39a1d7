import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { CallRow, TelephonyTrx, TurnRow } from '../database.ts';

/** When a turn of the caller was heard. */
export type HeardTurn = Pick<
  TurnRow,
  | 'space_id'
  | 'call_id'
  | 'message_id'
  | 'start_of_speech_at'
  | 'end_of_speech_at'
  | 'end_of_turn_at'
  | 'transcribed_at'
>;

/** When a message was spoken. */
export type SpokenTurn = Pick<
  TurnRow,
  | 'space_id'
  | 'call_id'
  | 'reply_id'
  | 'message_id'
  | 'first_token_at'
  | 'first_audio_at'
  | 'playout_at'
  | 'playout_ended_at'
  | 'interrupted_at_ms'
>;

@Injectable()
export class TurnsRepository {
  /** Turns in the order in which they were said. */
  async list(trx: TelephonyTrx, row: CallRow): Promise<TurnRow[]> {
    return trx
      .selectFrom('call_turn')
      .selectAll()
      .where('space_id', '=', row.space_id)
      .where('call_id', '=', row.id)
      .orderBy(sql`coalesce(start_of_speech_at, end_of_turn_at, playout_at)`)
      .orderBy('id')
      .execute();
  }

  /** What was heard; whether it or its answer is told of first makes no difference. */
  async saveHeard(trx: TelephonyTrx, turn: HeardTurn): Promise<void> {
    await trx
      .insertInto('call_turn')
      .values({ ...turn, id: turn.message_id ?? '' })
      .onConflict((conflict) => conflict.columns(['space_id', 'call_id', 'id']).doUpdateSet(turn))
      .execute();
  }

  /**
   * What was spoken, beside what it answers. A further message that answers the same has a row of its own; one that is
   * spoken again, by a job that took over, keeps the moment at which it was first heard.
   */
  async saveSpoken(trx: TelephonyTrx, turn: SpokenTurn): Promise<void> {
    const { space_id, call_id, reply_id, message_id } = turn;
    const taken = message_id
      ? await trx
          .selectFrom('call_turn')
          .select('reply_id')
          .where('space_id', '=', space_id)
          .where('call_id', '=', call_id)
          .where('id', '=', message_id)
          .executeTakeFirst()
      : undefined;
    const isFirst = message_id !== null && (!taken?.reply_id || taken.reply_id === reply_id);
    const { first_token_at, first_audio_at, playout_at, playout_ended_at, interrupted_at_ms } = turn;
    await trx
      .insertInto('call_turn')
      .values({ ...turn, id: (isFirst ? message_id : reply_id) ?? '' })
      .onConflict((conflict) =>
        conflict.columns(['space_id', 'call_id', 'id']).doUpdateSet({
          reply_id,
          first_token_at: sql`least(call_turn.first_token_at, ${first_token_at})`,
          first_audio_at: sql`least(call_turn.first_audio_at, ${first_audio_at})`,
          playout_at: sql`least(call_turn.playout_at, ${playout_at})`,
          playout_ended_at: sql`greatest(call_turn.playout_ended_at, ${playout_ended_at})`,
          interrupted_at_ms,
        }),
      )
      .execute();
  }
}
