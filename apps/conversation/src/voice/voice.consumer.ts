import { Controller } from '@nestjs/common';
import { type EventEnvelope, speechFinished, turnTranscribed } from '@parley/contracts';
import { type EventContext, OnEvent } from '@parley/messaging';
import type { Tables } from '../database.ts';
import { SpeechService } from './speech.service.ts';
import { SpokenTurnsService } from './spoken-turns.service.ts';

/** What is said in calls, by callers and to them: one consumer, since what was heard comes before what is said to it. */
@Controller()
export class VoiceConsumer {
  constructor(
    private readonly turns: SpokenTurnsService,
    private readonly speech: SpeechService,
  ) {}

  /** Repeats are dropped by the message's id, which was drawn where the turn was heard. */
  @OnEvent(turnTranscribed, { consumer: 'voice', dedupe: 'own' })
  async onTranscribed(
    events: EventEnvelope<typeof turnTranscribed>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.turns.post(trx, events);
  }

  /** Repeats change nothing: only what ended later, or a later attempt, replaces what is known. */
  @OnEvent(speechFinished, { consumer: 'voice', dedupe: 'own' })
  async onFinished(
    events: EventEnvelope<typeof speechFinished>[],
    { trx }: EventContext<Tables>,
  ): Promise<void> {
    await this.speech.finish(trx, events);
  }
}
