/** Links that mails about accounts carry. */
export const linkKinds = ['verify_email', 'reset_password', 'invitation'] as const;

/** What a link asks for. */
export interface LinkAction {
  kind: (typeof linkKinds)[number];
  token: string;
}

/** What the page says for a link. */
export interface LinkTexts {
  title: string;
  lead: string;
  button: string;
  done: string;
}

const texts: Record<LinkAction['kind'], LinkTexts> = {
  verify_email: {
    title: 'Verify your e-mail address',
    lead: 'Press the button if you have created an account with this address.',
    button: 'Verify the address',
    done: 'Your address is verified.',
  },
  reset_password: {
    title: 'Set a new password',
    lead: 'At least 10 characters. All your sessions end: sign in again afterwards.',
    button: 'Set the password',
    done: 'Your password is set. Sign in with it.',
  },
  invitation: {
    title: 'Accept an invitation',
    lead: 'Create an account with the address that was invited, or use the one you have.',
    button: 'Join the space',
    done: 'You are a member of the space.',
  },
};

/** Reads the part of an address behind `#`, such as `#reset_password=…`; null for any other. */
export function actionOf(hash: string): LinkAction | null {
  const [, name = '', value = ''] = /^#([a-z_]+)=(.+)$/.exec(hash) ?? [];
  const kind = linkKinds.find((one) => one === name);
  if (!kind) return null;
  try {
    return { kind, token: decodeURIComponent(value) };
  } catch {
    return null;
  }
}

/** What the page says for a kind of link. */
export function textsOf(kind: LinkAction['kind']): LinkTexts {
  return texts[kind];
}
