import { textsOf } from './texts/index.ts';
import type { MailKind } from './texts/text.ts';

/** What a mail is made from. */
export interface AccountMail {
  kind: MailKind;
  language: string;
  token: string | null;
  values: Record<string, string>;
}

/** A mail as it is sent. */
export interface ComposedMail {
  subject: string;
  text: string;
  html: string;
}

const NAME_LENGTH = 80;
/** Names are given by users: a mail shows no link and no line of theirs. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Lays a mail out, as plain text and as HTML. @param baseUrl address of the page that takes the token */
export function composeMail(mail: AccountMail, baseUrl: string): ComposedMail {
  const values = Object.fromEntries(
    Object.entries(mail.values).map(([name, value]) => [name, quotable(value)]),
  );
  const { subject, paragraphs, action, note } = textsOf(mail.language)[mail.kind](values);
  const link = mail.token === null ? null : linkOf(baseUrl, mail.kind, mail.token);
  const text = [...paragraphs, ...(link ? [`${action ?? ''}:\n${link}`] : []), note].join('\n\n');
  const button = link
    ? `<p><a href="${escape(link)}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#2f5bea;color:#fff;text-decoration:none">${escape(action ?? '')}</a></p>`
    : '';
  const html = `<!doctype html><html lang="${escape(mail.language)}"><body style="font:16px system-ui,sans-serif;max-width:560px;margin:24px auto">${paragraphs.map((one) => `<p>${escape(one)}</p>`).join('')}${button}<p style="color:#666;font-size:14px">${escape(note)}</p></body></html>`;
  return { subject, text: `${text}\n`, html };
}

/** The token stands behind the `#`: it reaches no server's log. */
function linkOf(baseUrl: string, kind: MailKind, token: string): string {
  return `${baseUrl.replace(/\/$/, '')}/account#${kind}=${encodeURIComponent(token)}`;
}

/** A name without control characters and without what mail programs turn into links. */
function quotable(value: string): string {
  const plain = value.replaceAll(UNSAFE, ' ').replaceAll(/\s+/g, ' ').trim();
  return plain
    .replaceAll(/:\/\//g, ' ')
    .replaceAll(/(?<=\S)\.(?=\S)/g, ' ')
    .slice(0, NAME_LENGTH);
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
