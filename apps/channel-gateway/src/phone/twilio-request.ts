import {
  badRequest,
  type OperationInput,
  providerCallStatuses,
  type receiveProviderStatus,
} from '@parley/contracts';
import { z } from 'zod';

type Status = OperationInput<typeof receiveProviderStatus>['status'];

/** A telephone number, or the address of a SIP or browser client. */
const Party = z.string().min(1).max(128);
const CallSid = z.string().regex(/^CA[0-9a-zA-Z]{32}$/, 'is not a call SID: CA and 32 characters');

const VoiceSchema = z.object({
  CallSid,
  From: Party.default('anonymous'),
  To: Party,
  Direction: z.string().max(50).default('inbound'),
  AnsweredBy: z.string().max(50).nullish(),
});

const StatusSchema = z.object({
  CallSid,
  CallStatus: z.enum(providerCallStatuses),
  SequenceNumber: z.coerce.number().int().min(0).max(2_147_483_647).nullish(),
  AnsweredBy: z.string().max(50).nullish(),
});

/** A call that asks what to do. */
export interface VoiceRequest {
  callSid: string;
  from: string;
  to: string;
  isOutbound: boolean;
  answeredBy: string | null;
}

/** News of a call. */
export interface StatusRequest {
  callSid: string;
  status: Status;
  sequenceNumber: number | null;
  answeredBy: string | null;
}

/**
 * Reads the webhook of a call, as a form or as JSON.
 * @throws ProblemError 400
 */
export function readVoiceRequest(body: Buffer, contentType: string | undefined): VoiceRequest {
  const {
    CallSid: callSid,
    From: from,
    To: to,
    Direction,
    AnsweredBy = null,
  } = read(VoiceSchema, body, contentType);
  return { callSid, from, to, isOutbound: Direction.startsWith('outbound'), answeredBy: AnsweredBy };
}

/**
 * Reads a status callback.
 * @throws ProblemError 400
 */
export function readStatusRequest(body: Buffer, contentType: string | undefined): StatusRequest {
  const { CallSid: callSid, CallStatus: status, ...rest } = read(StatusSchema, body, contentType);
  const { SequenceNumber: sequenceNumber = null, AnsweredBy: answeredBy = null } = rest;
  return { callSid, status, sequenceNumber, answeredBy };
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  body: Buffer,
  contentType: string | undefined,
): z.infer<Schema> {
  const parsed = schema.safeParse(fieldsOf(body, contentType));
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    pointer: `/${path.map(String).join('/')}`,
    detail: message,
  }));
  throw badRequest('The request is not one that Twilio sends of calls.', errors);
}

function fieldsOf(body: Buffer, contentType: string | undefined): unknown {
  const text = body.toString('utf8');
  if (!/\bjson\b/i.test(contentType ?? '')) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest('The body is not JSON.');
  }
}
