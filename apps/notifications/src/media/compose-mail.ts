import type { OutboundMessage } from './medium.ts';

/** Renders a notification as plain text and HTML. */
export function composeMail({ body, quote, link }: OutboundMessage): { text: string; html: string } {
  const quoted = quote
    ? `${quote.author} wrote:\n${quote.text
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n')}`
    : null;
  const text = [body, quoted, link ? `Open the conversation:\n${link}` : null].filter(Boolean).join('\n\n');
  const html = [
    `<p>${escape(body)}</p>`,
    quote ? `<p>${escape(quote.author)} wrote:</p><blockquote>${lines(quote.text)}</blockquote>` : '',
    link ? `<p><a href="${escape(link)}">Open the conversation</a></p>` : '',
  ].join('');
  return { text: `${text}\n`, html };
}

const lines = (text: string): string => text.split('\n').map(escape).join('<br>');

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
