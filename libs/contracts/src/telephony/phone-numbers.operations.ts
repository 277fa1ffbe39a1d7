import { z } from 'zod';
import { E164 } from '../channel/types.ts';
import { Id, InSpace, EmptyOutput, Paging } from '../core/common.ts';
import { defineOperation, listOf } from '../core/operation.ts';
import { PhoneCapabilitiesSchema, PhoneNumberSchema } from './types.ts';

const base = '/spaces/:spaceId/phone-numbers';

export const listPhoneNumbers = defineOperation({
  name: 'telephony.list_phone_numbers',
  kind: 'query',
  permission: 'channels:read',
  summary: 'List phone numbers that channels of a space use',
  http: { method: 'GET', path: base },
  input: z.strictObject({ ...InSpace, ...Paging }),
  output: listOf(PhoneNumberSchema),
});

export const getPhoneNumber = defineOperation({
  name: 'telephony.get_phone_number',
  kind: 'query',
  permission: 'channels:read',
  summary: 'Get a phone number',
  http: { method: 'GET', path: `${base}/:phoneNumberId` },
  input: z.strictObject({ ...InSpace, phoneNumberId: Id }),
  output: PhoneNumberSchema,
});

export const claimPhoneNumber = defineOperation({
  name: 'telephony.claim_phone_number',
  kind: 'command',
  permission: 'internal',
  summary: "Assign a provider's number to a channel for calls or messages, one of each",
  input: z.strictObject({
    ...InSpace,
    channelId: Id,
    /** What the number is taken for. */
    use: z.enum(['calls', 'messages']),
    number: E164,
    provider: z.string().min(1).max(50),
    /** The provider's id of the number, which no other number of it has. */
    providerNumberId: z.string().min(1).max(200),
    capabilities: PhoneCapabilitiesSchema,
  }),
  output: z.object({ phoneConfigurationId: Id }),
});

export const releasePhoneNumber = defineOperation({
  name: 'telephony.release_phone_number',
  kind: 'command',
  permission: 'internal',
  summary: 'Release the number of a channel; a number that no channel uses is removed',
  input: z.strictObject({ ...InSpace, channelId: Id }),
  output: EmptyOutput,
});
