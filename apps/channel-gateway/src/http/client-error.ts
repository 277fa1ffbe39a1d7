import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { newId, ProblemError, toProblem } from '@parley/contracts';

/** What Node says of a request that it could not read, as an error for the client. */
const refusals: Readonly<Record<string, { status: number; code: string; detail: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'request_timeout',
    detail: 'The request did not arrive in time. Send headers and body without long pauses.',
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'headers_too_large',
    detail: 'The headers are too large. Send at most 16 KiB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'too_large',
    detail: 'The chunk extensions are too large. Send the body without them.',
  },
};

/** Answers bytes that are no HTTP request, or one that came too slowly, as problem details, and ends the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  const { _httpMessage: answer } = socket as {
    _httpMessage?: { headersSent: boolean; req?: IncomingMessage };
  };
  if (error.code === 'ECONNRESET' || !socket.writable || answer?.headersSent) {
    socket.destroy();
    return;
  }
  const { status, code, detail } = refusals[error.code ?? ''] ?? {
    status: 400,
    code: 'bad_request',
    detail: 'The request is not HTTP/1.1 as RFC 9112 defines it.',
  };
  const requestId = newId('req');
  const body = JSON.stringify(toProblem(new ProblemError({ status, code, detail }), requestId));
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  // A client that goes on sending is not waited for.
  setTimeout(() => socket.destroy(), 1000).unref();
}
