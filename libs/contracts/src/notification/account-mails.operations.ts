import { z } from 'zod';
import { Id, EmptyOutput, Timestamp } from '../core/common.ts';
import { defineOperation } from '../core/operation.ts';
import { accountMailKinds } from './types.ts';

export const sendAccountMail = defineOperation({
  name: 'notification.send_account_mail',
  kind: 'command',
  permission: 'internal',
  summary: 'Send an account e-mail; called by identity',
  input: z.strictObject({
    /** Idempotency key: repeats carry the same. */
    mailId: Id,
    kind: z.enum(accountMailKinds),
    to: z.strictObject({ email: z.string().max(254), name: z.string().max(200) }),
    /** BCP 47; English where there is no text in that language. */
    language: z.string().max(35).default('en'),
    /** Goes into the link; null for mails without one. */
    token: z.string().max(200).nullable(),
    /** After this nobody sends it any more. */
    expiresAt: Timestamp,
    /** Names that the text quotes. */
    values: z.record(z.string().max(64), z.string().max(300)),
  }),
  output: EmptyOutput,
});
