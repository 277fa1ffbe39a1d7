import { truncate } from '@parley/text';
import { textsOf } from './texts/index.ts';
import type { MailKind } from './texts/text.ts';

/** The input of an account mail. */
export interface AccountMail {
  kind: MailKind;
  language: string;
  token: string | null;
  values: Record<string, string>;
}

/** A rendered mail. */
export interface ComposedMail {
  subject: string;
  text: string;
  html: string;
}

const MAX_NAME_LENGTH = 80;
/** Characters removed from names. Users choose names, so a name must not add a line or a link to a mail. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Renders a mail as plain text and HTML. @param baseUrl address of the page that accepts the token */
export function composeMail(mail: AccountMail, baseUrl: string): ComposedMail {
  const values = Object.fromEntries(
    Object.entries(mail.values).map(([name, value]) => [name, withoutLinks(value)]),
  );
  const { subject, paragraphs, action, note } = textsOf(mail.language)[mail.kind](values);
  const link = mail.token === null ? null : accountPageLink(baseUrl, mail.kind, mail.token);
  const text = [...paragraphs, ...(link ? [`${action ?? ''}:\n${link}`] : []), note].join('\n\n');
  const button = link
    ? `<p><a href="${escape(link)}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#2f5bea;color:#fff;text-decoration:none">${escape(action ?? '')}</a></p>`
    : '';
  const html = `<!doctype html><html lang="${escape(mail.language)}"><body style="font:16px system-ui,sans-serif;max-width:560px;margin:24px auto">${paragraphs.map((paragraph) => `<p>${escape(paragraph)}</p>`).join('')}${button}<p style="color:#666;font-size:14px">${escape(note)}</p></body></html>`;
  return { subject, text: `${text}\n`, html };
}

/** Puts the token into the fragment, which browsers do not send: it appears in no server log. */
function accountPageLink(baseUrl: string, kind: MailKind, token: string): string {
  return `${baseUrl.replace(/\/$/, '')}/account#${kind}=${encodeURIComponent(token)}`;
}

/** Removes control characters and the text that mail clients turn into links. */
function withoutLinks(value: string): string {
  const plain = value.replaceAll(UNSAFE, ' ').replaceAll(/\s+/g, ' ').trim();
  const unlinked = plain.replaceAll(/:\/\//g, ' ').replaceAll(/(?<=\S)\.(?=\S)/g, ' ');
  return truncate(unlinked, MAX_NAME_LENGTH);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
