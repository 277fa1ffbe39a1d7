import { Controller } from '@nestjs/common';
import { type EventEnvelope, speechFinished, turnTranscribed } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import { CallsRepository } from '../calls/calls.repository.ts';
import { CallsService } from '../calls/calls.service.ts';
import type { CallRow, Tables, TelephonyTrx } from '../database.ts';
import { TurnsRepository } from './turns.repository.ts';

/** Keeps when each turn of a call was heard and answered; a repeat says the same again. */
@Controller()
export class TurnsConsumer {
  constructor(
    private readonly calls: CallsRepository,
    private readonly rules: CallsService,
    private readonly turns: TurnsRepository,
  ) {}

  @OnEvent(turnTranscribed, { consumer: 'turns', dedupe: 'own' })
  async onHeard(
    events: EventEnvelope<typeof turnTranscribed>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      const row = data.callId && (await this.active(trx, spaceId, data.callId));
      if (!row) continue;
      await this.turns.saveHeard(trx, {
        space_id: spaceId,
        call_id: row.id,
        message_id: data.messageId,
        start_of_speech_at: time(data.startOfSpeechAt),
        end_of_speech_at: time(data.endOfSpeechAt),
        end_of_turn_at: time(data.endOfTurnAt),
        transcribed_at: time(data.transcribedAt),
      });
    }
  }

  @OnEvent(speechFinished, { consumer: 'turns', dedupe: 'own' })
  async onSpoken(
    events: EventEnvelope<typeof speechFinished>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    for (const { spaceId, data } of events) {
      const row = await this.active(trx, spaceId, data.callId);
      if (!row) continue;
      await this.turns.saveSpoken(trx, {
        space_id: spaceId,
        call_id: row.id,
        message_id: data.replyTo,
        reply_id: data.messageId,
        first_token_at: time(data.firstTokenAt),
        first_audio_at: time(data.firstAudioAt),
        playout_at: time(data.startedAt),
        playout_ended_at: time(data.endedAt),
        interrupted_at_ms: data.interruptedAtMs,
      });
    }
  }

  /** The call that words were said in; undefined for one that is not known here. */
  private async active(trx: TelephonyTrx, spaceId: string, callId: string): Promise<CallRow | undefined> {
    const row = await this.calls.lock(trx, spaceId, callId);
    if (row) await this.rules.activate(trx, row);
    return row;
  }
}

function time(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
