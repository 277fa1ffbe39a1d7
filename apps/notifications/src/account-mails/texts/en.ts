import type { MailTexts } from './text.ts';

const roles: Record<string, string> = {
  owner: 'an owner',
  admin: 'an admin',
  agent: 'an agent',
  viewer: 'a viewer',
};

/** English, the fallback language. */
export const en: MailTexts = {
  verify_email: () => ({
    subject: 'Verify your e-mail address',
    paragraphs: ['An account was created with this e-mail address. Verify that the address is yours.'],
    action: 'Verify the address',
    note: 'The link works once, within 24 hours. If you did not create an account, ignore this mail: do not open the link.',
  }),
  reset_password: () => ({
    subject: 'Set a new password',
    paragraphs: ['A new password was requested for the account with this e-mail address.'],
    action: 'Set a new password',
    note: 'The link works once, within an hour, and ends all your sessions. If you did not ask for it, ignore this mail: your password stays as it is.',
  }),
  password_changed: () => ({
    subject: 'Your password was changed',
    paragraphs: ['The password of your account was changed. Your other sessions have ended.'],
    action: null,
    note: 'If that was not you, set a new password at once and tell the operator of this installation.',
  }),
  invitation: ({ inviterName, spaceName = '', role = '' }) => ({
    subject: `Invitation to ${spaceName}`,
    paragraphs: [
      `${inviterName || 'A member'} invites you to the space "${spaceName}" as ${roles[role] ?? 'a member'}.`,
    ],
    action: 'Accept the invitation',
    note: 'The link works once. If you do not know who invites you, ignore this mail.',
  }),
};
