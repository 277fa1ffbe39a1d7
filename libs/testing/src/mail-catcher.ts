import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

/** A mail as it arrived. */
export interface CaughtMail {
  messageId: string;
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  receivedAt: string;
}

/** A local SMTP server that keeps what it gets, and shows it over HTTP (`GET /` as a page, `GET /mails` as JSON). */
export interface MailCatcher {
  readonly smtpUrl: string;
  readonly httpUrl: string;
  readonly mails: CaughtMail[];
  /** Refuses the next mails for a moment, as a busy server does. */
  rejectNext(count: number): void;
  close(): Promise<void>;
}

const MAX_MAILS = 500;

/** Starts it on loopback; ports of 0 choose free ones. */
export async function startMailCatcher(
  options: { smtpPort?: number; httpPort?: number } = {},
): Promise<MailCatcher> {
  const mails: CaughtMail[] = [];
  let rejecting = 0;
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (rejecting > 0) {
          rejecting -= 1;
          return done(Object.assign(new Error('Try again later'), { responseCode: 451 }));
        }
        const to = session.envelope.rcptTo.map((address) => address.address);
        addMail(mails, Buffer.concat(chunks), to).then(() => done(), done);
        return undefined;
      });
    },
  });
  smtp.on('error', () => undefined);
  const smtpPort = await new Promise<number>((resolve, reject) => {
    smtp.server.once('error', reject);
    smtp.listen(options.smtpPort ?? 0, '127.0.0.1', () =>
      resolve((smtp.server.address() as AddressInfo).port),
    );
  });
  const http = createServer((request, response) => {
    const asJson = request.url?.startsWith('/mails') ?? false;
    response.writeHead(200, { 'content-type': asJson ? 'application/json' : 'text/html; charset=utf-8' });
    response.end(asJson ? JSON.stringify({ data: mails }) : inboxPage(mails));
  });
  const httpPort = await listen(http, options.httpPort ?? 0);
  return {
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    mails,
    rejectNext: (count) => {
      rejecting = count;
    },
    close: async () => {
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function addMail(mails: CaughtMail[], raw: Buffer, to: string[]): Promise<void> {
  const mail = await PostalMime.parse(raw);
  mails.push({
    messageId: mail.messageId ?? '',
    from: mail.from?.address ?? '',
    to,
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html ?? '',
    receivedAt: new Date().toISOString(),
  });
  if (mails.length > MAX_MAILS) mails.shift();
}

function inboxPage(mails: readonly CaughtMail[]): string {
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const items = [...mails]
    .reverse()
    .map(
      (mail) =>
        `<article><h2>${escape(mail.subject)}</h2><p>to ${escape(mail.to.join(', '))}, ${mail.receivedAt}</p><pre>${escape(mail.text)}</pre></article>`,
    );
  return `<!doctype html><meta charset="utf-8"><title>Mails</title><style>body{font:16px system-ui;max-width:720px;margin:40px auto}pre{white-space:pre-wrap}</style><h1>Mails</h1>${items.join('') || '<p>None yet.</p>'}`;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  );
  return (server.address() as AddressInfo).port;
}
