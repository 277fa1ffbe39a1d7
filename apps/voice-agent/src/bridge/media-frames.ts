import { z } from 'zod';

/** Bytes that one frame of a carrier may have: far more than 100 ms of sound need. */
export const MEDIA_FRAME_BYTES = 64 * 1024;

const Start = z.object({
  event: z.literal('start'),
  streamSid: z.string().min(1).max(100),
  start: z.object({
    callSid: z.string().min(1).max(100),
    customParameters: z.record(z.string(), z.string()).default({}),
    mediaFormat: z.object({
      encoding: z.literal('audio/x-mulaw'),
      sampleRate: z.coerce.number().pipe(z.literal(8000)),
      channels: z.coerce.number().pipe(z.literal(1)),
    }),
  }),
});

/** What a carrier sends. Source: https://www.twilio.com/docs/voice/media-streams/websocket-messages */
const MediaFrameSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('connected') }),
  Start,
  z.object({
    event: z.literal('media'),
    streamSid: z.string(),
    media: z.object({ track: z.string().optional(), payload: z.base64().max(MEDIA_FRAME_BYTES) }),
  }),
  z.object({
    event: z.literal('dtmf'),
    streamSid: z.string(),
    dtmf: z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) }),
  }),
  z.object({
    event: z.literal('mark'),
    streamSid: z.string(),
    mark: z.object({ name: z.string().max(100) }),
  }),
  z.object({ event: z.literal('stop'), streamSid: z.string() }),
]);

export type MediaFrame = z.infer<typeof MediaFrameSchema>;
export type MediaStart = z.infer<typeof Start>;

/** Reads a frame; null for what is none. */
export function readMediaFrame(data: Buffer, isBinary: boolean): MediaFrame | null {
  if (isBinary) return null;
  try {
    return MediaFrameSchema.safeParse(JSON.parse(data.toString())).data ?? null;
  } catch {
    return null;
  }
}
