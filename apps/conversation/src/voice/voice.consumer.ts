import { Controller } from '@nestjs/common';
import { type EventEnvelope, speechFinished, turnTranscribed } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { SpeechService } from './speech.service.ts';
import { TranscribedTurnsService } from './transcribed-turns.service.ts';

/** Stores turns and speech data of calls. One consumer keeps a turn before the reply to it. */
@Controller()
export class VoiceConsumer {
  constructor(
    private readonly turns: TranscribedTurnsService,
    private readonly speech: SpeechService,
  ) {}

  /** Repeats are dropped by message id, which the voice agent generates. */
  @OnEvent(turnTranscribed, { consumer: 'voice', dedupe: 'own' })
  async onTurnTranscribed(
    events: EventEnvelope<typeof turnTranscribed>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.turns.postTurns(trx, events);
  }

  /** Repeats change nothing: only a later end or a later attempt replaces stored data. */
  @OnEvent(speechFinished, { consumer: 'voice', dedupe: 'own' })
  async onSpeechFinished(
    events: EventEnvelope<typeof speechFinished>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.speech.recordSpeech(trx, events);
  }
}
