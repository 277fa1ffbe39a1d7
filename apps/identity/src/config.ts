import { z } from 'zod';

/** What identity reads from the environment beside what every service reads. */
export const configSchema = z.object({
  ACCESS_TOKEN_SECONDS: z.coerce
    .number()
    .int()
    .min(30)
    .max(3600)
    .default(600)
    .describe('Life of an access token'),
  REFRESH_TOKEN_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe('Life of a session without use'),
  SIGNING_KEY_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe('Age at which the key that signs tokens is replaced'),
  SIGN_UP: z
    .enum(['closed', 'invite', 'open'])
    .default('invite')
    .describe('Who may create an account: nobody, the invited, or everybody'),
  INVITATION_DAYS: z.coerce.number().int().min(1).max(90).default(7).describe('Life of an invitation'),
  INVITATIONS_PER_HOUR: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('Invitation mails that one space may send in an hour'),
  INVITATIONS_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(200)
    .describe('Invitation mails that one space may send in a day'),
});

export type IdentityConfig = z.infer<typeof configSchema>;
