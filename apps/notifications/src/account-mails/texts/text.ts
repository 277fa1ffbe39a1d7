import type { OperationInput, sendAccountMail } from '@parley/contracts';

/** What a mail is about. */
export type MailKind = OperationInput<typeof sendAccountMail>['kind'];

/** A mail in one language, before it is laid out; paragraphs are plain text. */
export interface MailText {
  subject: string;
  paragraphs: string[];
  /** The label of the button; null for mails without a link. */
  action: string | null;
  /** Stands below the link, in small print. */
  note: string;
}

/** The texts of a language, by kind. */
export type MailTexts = Record<MailKind, (values: Record<string, string>) => MailText>;
