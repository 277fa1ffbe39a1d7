import { z } from 'zod';

/** Environment variables of notifications, in addition to those of every service. */
export const configSchema = z.object({
  SMTP_URL: z.string().optional().describe('SMTP server for e-mails, such as smtp://user:password@host:587'),
  MAIL_FROM: z.string().default('Parley <parley@localhost>').describe('sender of e-mails'),
  MAILS_PER_HOUR: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(500)
    .describe('e-mails of notifications that one space may send in an hour'),
  MAILS_PER_DAY: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(2000)
    .describe('e-mails of notifications that one space may send in a day'),
  LINK_BASE_URL: z
    .url()
    .default('http://localhost:8080')
    .describe('address that links in e-mails begin with where PUBLIC_URL is not set'),
});

export type NotificationsConfig = z.infer<typeof configSchema> & { PUBLIC_URL?: string | undefined };
