import { z } from 'zod';
import { Id, Timestamp } from '../core/common.ts';
import { defineEvent } from '../core/event.ts';

const key = (data: { conversationId: string }): string => data.conversationId;

export const turnTranscribed = defineEvent({
  name: 'voice.turn_transcribed',
  summary: 'An utterance of a caller, or its typed input, was transcribed; it becomes a message',
  data: z.object({
    conversationId: Id,
    /** Null in a session without sound. */
    callId: Id.nullable(),
    /** Drawn where the turn was heard: becomes the posted message's id and removes repeats. */
    messageId: Id,
    text: z.string().min(1).max(32_000),
    typed: z.boolean(),
    /** From the recogniser, 0 to 1; null where it gives none. */
    confidence: z.number().nullable(),
    startOfSpeechAt: Timestamp.nullable(),
    endOfSpeechAt: Timestamp.nullable(),
    endOfTurnAt: Timestamp,
    transcribedAt: Timestamp.nullable(),
    /** Language of the call (BCP 47). Absent where none is set. */
    language: z.string().optional(),
  }),
  key,
});

export const speechFinished = defineEvent({
  name: 'voice.speech_finished',
  summary: 'The playout of a message ended, or was interrupted by the caller',
  data: z.object({
    conversationId: Id,
    callId: Id,
    /** The message spoken, and the message it answers. */
    messageId: Id,
    replyTo: Id.nullable(),
    attempt: z.int().min(1),
    /** The message as a voice says it: without marks of markdown, citations, addresses and code blocks. */
    generated: z.string(),
    /** What was heard: a prefix of `generated`, to the word. */
    spoken: z.string(),
    /** Milliseconds of sound played before the cut; null when spoken to the end. */
    interruptedAtMs: z.int().nullable(),
    firstTokenAt: Timestamp.nullable(),
    firstAudioAt: Timestamp.nullable(),
    startedAt: Timestamp,
    endedAt: Timestamp,
  }),
  key,
});

export const voiceEvents = [turnTranscribed, speechFinished];
