import type { CallTurn } from '@parley/contracts';
import type { TurnRow } from '../database.ts';

export function toTurn(row: TurnRow): CallTurn {
  return {
    messageId: row.message_id,
    replyId: row.reply_id,
    startOfSpeechAt: time(row.start_of_speech_at),
    endOfSpeechAt: time(row.end_of_speech_at),
    endOfTurnAt: time(row.end_of_turn_at),
    transcribedAt: time(row.transcribed_at),
    firstTokenAt: time(row.first_token_at),
    firstAudioAt: time(row.first_audio_at),
    playoutAt: time(row.playout_at),
    playoutEndedAt: time(row.playout_ended_at),
    interruptedAtMs: row.interrupted_at_ms,
    latencyMs:
      row.playout_at && row.end_of_speech_at
        ? row.playout_at.getTime() - row.end_of_speech_at.getTime()
        : null,
  };
}

function time(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}
