import type { OperationInput, sendAccountMail } from '@parley/contracts';

/** The kind of an account mail. */
export type MailKind = OperationInput<typeof sendAccountMail>['kind'];

/** The texts of a mail in one language, as plain text. */
export interface MailText {
  subject: string;
  paragraphs: string[];
  /** The label of the button; null for mails without a link. */
  action: string | null;
  /** Small print below the link. */
  note: string;
}

/** The texts of a language, by kind. */
export type MailTexts = Record<MailKind, (values: Record<string, string>) => MailText>;
