import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A request as it reached the server. */
export interface OpenAiRequest {
  path: string;
  authorization: string | null;
  body: { model?: string; stream?: boolean; messages: { role: string; content: string }[] };
}

/** What the server does with a request. */
export type OpenAiReply =
  /** Answers these pieces of text; `until` holds the answer back after the first piece. */
  | { kind: 'text'; pieces: string[]; until?: Promise<unknown>; finish?: string }
  /** Refuses with a status. */
  | { kind: 'error'; status: number; message?: string; retryAfter?: string }
  /** Takes the request and never answers. */
  | { kind: 'silence' }
  /** Sends these pieces, then tears the connection. */
  | { kind: 'cut'; pieces: string[] }
  /** Sends these pieces, then ends the stream in order but without a finish. */
  | { kind: 'unfinished'; pieces: string[] }
  /** Sends these pieces, then something that is no JSON. */
  | { kind: 'malformed'; pieces: string[] }
  /** Writes these as they are, one by one, and ends the stream: see `openAiChunk`. */
  | { kind: 'events'; events: (string | Buffer)[] };

/** A chunk of a streamed answer as a server-sent event; `newline` ends its lines. */
export function openAiChunk(
  delta: object | null,
  finish: string | null = null,
  { newline = '\n', ...more }: { newline?: string; [field: string]: unknown } = {},
): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  const chunk = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'tiny',
    choices,
    ...more,
  };
  return `data: ${JSON.stringify(chunk)}${newline}${newline}`;
}

/** The event after which nothing follows. */
export const OPENAI_DONE = 'data: [DONE]\n\n';

/** A local server that speaks OpenAI's chat completions over a real socket, streamed and whole. */
export interface OpenAiServer {
  /** With `/v1`, as clients take it. */
  readonly baseUrl: string;
  /** All requests so far, oldest first. */
  readonly requests: OpenAiRequest[];
  /** Lines up replies; the last one stays for all further requests. */
  enqueueReplies(...replies: [OpenAiReply, ...OpenAiReply[]]): void;
  close(): Promise<void>;
}

/** Starts it on loopback. With `apiKey`, any other key is refused with 401. */
export async function startOpenAiServer(options: { apiKey?: string } = {}): Promise<OpenAiServer> {
  const requests: OpenAiRequest[] = [];
  let replies: OpenAiReply[] = [{ kind: 'text', pieces: ['Hello.'] }];
  const next = (): OpenAiReply =>
    (replies.length > 1 ? replies.shift() : replies[0]) ?? { kind: 'error', status: 500 };
  const server = createServer((request, response) => {
    void readRequest(request).then(
      async (taken) => {
        requests.push(taken);
        const known = options.apiKey === undefined || taken.authorization === `Bearer ${options.apiKey}`;
        const reply: OpenAiReply = known
          ? next()
          : { kind: 'error', status: 401, message: 'Incorrect API key provided.' };
        await answer(response, taken, reply);
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    enqueueReplies: (...given) => {
      replies = [...given];
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readRequest(request: IncomingMessage): Promise<OpenAiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    path: request.url ?? '',
    authorization: request.headers.authorization ?? null,
    body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as OpenAiRequest['body'],
  };
}

async function answer(response: ServerResponse, request: OpenAiRequest, reply: OpenAiReply): Promise<void> {
  if (request.path !== '/v1/chat/completions')
    return sendError(response, { kind: 'error', status: 404, message: `Unknown path ${request.path}` });
  if (reply.kind === 'error') return sendError(response, reply);
  if (reply.kind === 'silence') return;
  if (reply.kind === 'events') return writeEvents(response, reply.events);
  return request.body.stream ? stream(response, request, reply) : sendWhole(response, request, reply);
}

function sendError(response: ServerResponse, reply: Extract<OpenAiReply, { kind: 'error' }>): void {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (reply.retryAfter !== undefined) headers['retry-after'] = reply.retryAfter;
  response.writeHead(reply.status, headers);
  const message = reply.message ?? `Status ${reply.status}`;
  response.end(JSON.stringify({ error: { message, type: 'error', param: null, code: null } }));
}

async function writeEvents(response: ServerResponse, events: readonly (string | Buffer)[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of events) {
    response.write(event);
    await sleep(5);
  }
  response.end();
}

type TextReply = Exclude<OpenAiReply, { kind: 'error' | 'silence' | 'events' }>;

const common = (request: OpenAiRequest): object => ({
  id: 'chatcmpl-1',
  created: Math.floor(Date.now() / 1000),
  model: request.body.model ?? 'unknown',
});

async function stream(response: ServerResponse, request: OpenAiRequest, reply: TextReply): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (delta: object, finish: string | null): void => {
    const choices = [{ index: 0, delta, finish_reason: finish }];
    const chunk = { ...common(request), object: 'chat.completion.chunk', choices };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  send({ role: 'assistant', content: '' }, null);
  for (const [index, content] of reply.pieces.entries()) {
    send({ content }, null);
    // Pieces arrive one by one, as from a real model, not as one packet.
    await sleep(5);
    if (index === 0 && reply.kind === 'text') await reply.until;
  }
  if (reply.kind === 'cut') return void response.destroy();
  if (reply.kind === 'malformed') response.write('data: {"choices": [{\n\n');
  if (reply.kind === 'text') {
    send({}, reply.finish ?? 'stop');
    response.write('data: [DONE]\n\n');
  }
  response.end();
}

async function sendWhole(response: ServerResponse, request: OpenAiRequest, reply: TextReply): Promise<void> {
  if (reply.kind === 'cut') return void response.destroy();
  if (reply.kind === 'text') await reply.until;
  const message = { role: 'assistant', content: reply.pieces.join('') };
  const finish = reply.kind === 'text' ? (reply.finish ?? 'stop') : null;
  const body = JSON.stringify({
    ...common(request),
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: finish }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(reply.kind === 'malformed' ? body.slice(0, -5) : body);
}
