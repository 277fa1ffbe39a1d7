import { z } from 'zod';

/** What notifications reads from the environment beside what every service reads. */
export const configSchema = z.object({
  SMTP_URL: z.string().optional().describe('SMTP server for e-mails, such as smtp://user:password@host:587'),
  MAIL_FROM: z.string().default('Parley <parley@localhost>').describe('sender of e-mails'),
});

export type NotificationsConfig = z.infer<typeof configSchema> & { PUBLIC_URL?: string | undefined };
