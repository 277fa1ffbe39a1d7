import { z } from 'zod';
import {
  type PhoneProvider,
  type ProviderAccess,
  ProviderError,
  type ProviderNumber,
  type VoiceWebhook,
} from '../phone-provider.ts';
import { HOME, TwilioRest } from './rest.ts';

const PAGE_SIZE = 1000;
/** Calls to one number that are looked at; the newest come first. */
const CALLS_PAGE = 50;
/** How much Twilio's clock may be behind. */
const SKEW_MS = 60_000;

const Account = z.object({ status: z.string() });
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const IncomingNumber = z.object({
  sid: z.string(),
  phone_number: z.string(),
  friendly_name: text,
  capabilities: z
    .object({
      voice: z.boolean().optional(),
      sms: z.boolean().optional(),
      mms: z.boolean().optional(),
      fax: z.boolean().optional(),
    })
    .nullish(),
  voice_url: text,
  voice_method: text,
  status_callback: text,
  status_callback_method: text,
  voice_application_sid: text,
  trunk_sid: text,
});

const PlacedCall = z.object({ sid: z.string().min(1), status: text, date_created: text });
const PlacedCalls = z.object({ calls: z.array(PlacedCall) });

/** Statuses of a call that has ended. */
const over: ReadonlySet<string> = new Set(['canceled', 'completed', 'busy', 'failed', 'no-answer']);

/**
 * Numbers and calls of Twilio.
 * Sources: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
 * https://www.twilio.com/docs/voice/api/call-resource
 */
export const twilioProvider: PhoneProvider = {
  name: 'twilio',
  label: 'Twilio',
  apiBaseUrl: HOME,

  async checkAccount(access) {
    const { status } = await new TwilioRest(access).get('', Account);
    if (status === 'active') return;
    throw new ProviderError(
      'credentials',
      `The Twilio account is ${status.slice(0, 30)}. Open the Twilio console, settle what it asks for, then verify the channel again.`,
    );
  },

  async listNumbers(access, number) {
    const query = new URLSearchParams({
      PageSize: String(PAGE_SIZE),
      ...(number ? { PhoneNumber: number } : {}),
    });
    const found = await new TwilioRest(access).list(
      `/IncomingPhoneNumbers.json?${query}`,
      'incoming_phone_numbers',
      IncomingNumber,
    );
    return found.map(toNumber).filter((one) => number === undefined || one.number === number);
  },

  async setWebhook(access: ProviderAccess, providerNumberId: string, webhook: VoiceWebhook) {
    await new TwilioRest(access).post(
      `/IncomingPhoneNumbers/${encodeURIComponent(providerNumberId)}.json`,
      {
        VoiceUrl: webhook.voiceUrl,
        VoiceMethod: webhook.voiceMethod || 'POST',
        StatusCallback: webhook.statusCallback,
        StatusCallbackMethod: webhook.statusCallbackMethod || 'POST',
      },
      IncomingNumber,
    );
  },

  async placeCall(access, call) {
    const form = {
      ...{ To: call.to, From: call.from, Url: call.voiceUrl, Method: 'POST' },
      ...{ StatusCallback: call.statusCallback, StatusCallbackMethod: 'POST' },
      StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
      Timeout: String(call.ringSeconds),
      MachineDetection: call.detectMachine ? 'Enable' : undefined,
    };
    return (await new TwilioRest(access).post('/Calls.json', form, PlacedCall)).sid;
  },

  async findCalls(access, { from, to, since }) {
    // Calls that still wait at Twilio have no StartTime and would be missed by a filter on it: when they were asked for counts.
    const query = new URLSearchParams({ To: to, From: from, PageSize: String(CALLS_PAGE) });
    const { calls } = await new TwilioRest(access).get(`/Calls.json?${query}`, PlacedCalls);
    const isNew = (one: string): boolean => !(Date.parse(one) < since.getTime() - SKEW_MS);
    return calls.filter((one) => isNew(one.date_created)).map(({ sid }) => sid);
  },

  async hangUp(access, providerCallId) {
    const path = `/Calls/${encodeURIComponent(providerCallId)}.json`;
    const rest = new TwilioRest(access);
    try {
      // One that waits or rings is canceled; one that was taken up meanwhile goes on then, and is completed.
      const { status } = await rest.post(path, { Status: 'canceled' }, PlacedCall);
      if (!over.has(status)) await rest.post(path, { Status: 'completed' }, PlacedCall);
    } catch (error) {
      const isOver = error instanceof ProviderError && (error.kind === 'refused' || error.kind === 'missing');
      if (!isOver) throw error;
    }
  },
};

function toNumber(one: z.output<typeof IncomingNumber>): ProviderNumber {
  const { voice = false, sms = false, mms = false, fax = false } = one.capabilities ?? {};
  return {
    number: one.phone_number,
    providerNumberId: one.sid,
    name: one.friendly_name,
    capabilities: { voice, sms, mms, fax },
    overridden: overriddenBy(one),
    webhook: {
      voiceUrl: one.voice_url,
      voiceMethod: one.voice_method,
      statusCallback: one.status_callback,
      statusCallbackMethod: one.status_callback_method,
    },
  };
}

/** A trunk or application of Twilio takes a number's calls before its webhook is looked at. */
function overriddenBy({
  trunk_sid: trunk,
  voice_application_sid: application,
}: z.output<typeof IncomingNumber>): string | null {
  if (trunk)
    return `The SIP trunk ${trunk} takes its calls. In the Twilio console open Elastic SIP Trunking, Manage, Trunks, that trunk, Numbers, and remove the number; then verify the channel again.`;
  if (application)
    return `The TwiML application ${application} takes its calls. In the Twilio console open Phone Numbers, Manage, Active numbers, this number, and choose Configure with "Webhook" instead of "TwiML App"; then verify the channel again.`;
  return null;
}
