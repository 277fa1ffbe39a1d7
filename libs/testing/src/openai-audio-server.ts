import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { readWav, synthesize, wav } from './audio.ts';

/** A request as it reached the server. */
export interface AudioRequest {
  path: string;
  authorization: string | null;
  /** The fields of the form, or the JSON body; without the file. */
  fields: Record<string, unknown>;
  /** The file of a transcription. */
  audio: { pcm: Int16Array; sampleRate: number } | null;
}

/** What the server does with a transcription or a request to speak. */
export type AudioReply =
  /** Answers this transcript, in pieces where the client asks for a stream. */
  | { kind: 'text'; pieces: string[] }
  /** Speaks what it was asked to, or this PCM at 24 kHz, in pieces that end in the middle of a sample. */
  | { kind: 'speech'; pcm?: Int16Array; as?: 'pcm' | 'wav' | 'mp3' }
  /** Refuses with a status. */
  | { kind: 'error'; status: number; retryAfter?: string }
  /** Refuses, as servers do that cannot stream, and answers the text when asked for the whole. */
  | { kind: 'no-stream'; text: string }
  /** Takes the request and never answers. */
  | { kind: 'silence' }
  /** Begins to answer, then says nothing more. */
  | { kind: 'stall' }
  /** Begins to answer, then tears the connection. */
  | { kind: 'cut' }
  /** Answers something that is neither a transcript nor sound. */
  | { kind: 'garbage' };

/** Says what a recording holds; `null` is answered as an empty transcript. */
export type Transcriber = (audio: {
  pcm: Int16Array;
  sampleRate: number;
}) => string | null | Promise<string | null>;

/** A local server that speaks OpenAI's audio API over real sockets. */
export interface OpenAiAudioServer {
  /** With `/v1`, as clients take it. */
  readonly baseUrl: string;
  /** All requests so far, oldest first. */
  readonly requests: AudioRequest[];
  /** Lines up replies; the last one stays for all further requests. */
  enqueueReplies(...replies: [AudioReply, ...AudioReply[]]): void;
  /** From now on transcripts come from this; requests to speak are spoken. */
  useTranscriber(by: Transcriber): void;
  /** From now on a recording that was made known is recognised by its samples, any other is empty. */
  addTranscript(text: string, pcm: Int16Array): void;
  close(): Promise<void>;
}

/** Starts it on loopback, on a free port unless one is said. With `apiKey`, any other key is refused with 401. */
export async function startOpenAiAudioServer(
  options: { apiKey?: string; port?: number } = {},
): Promise<OpenAiAudioServer> {
  const requests: AudioRequest[] = [];
  const known = new Map<string, string>();
  let replies: AudioReply[] = [];
  let transcriber: Transcriber = ({ pcm }) => known.get(hashOf(pcm)) ?? null;
  const next = (): AudioReply | undefined => (replies.length > 1 ? replies.shift() : replies[0]);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const taken = await readRequest(request);
    requests.push(taken);
    if (options.apiKey !== undefined && taken.authorization !== `Bearer ${options.apiKey}`)
      return sendError(response, 401);
    const reply = next() ?? (await standing(taken, transcriber));
    await send(response, taken, reply);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve),
  );
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    enqueueReplies: (...given) => {
      replies = [...given];
    },
    useTranscriber: (by) => {
      replies = [];
      transcriber = by;
    },
    addTranscript: (text, pcm) => {
      known.set(hashOf(pcm), text);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function standing({ audio }: AudioRequest, transcriber: Transcriber): Promise<AudioReply> {
  return audio ? { kind: 'text', pieces: [(await transcriber(audio)) ?? ''] } : { kind: 'speech' };
}

function hashOf(pcm: Int16Array): string {
  return createHash('sha256')
    .update(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength))
    .digest('hex');
}

async function readRequest(request: IncomingMessage): Promise<AudioRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  const common = { path: request.url ?? '', authorization: request.headers.authorization ?? null };
  if (!type.startsWith('multipart/form-data')) {
    const fields = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    return { ...common, fields, audio: null };
  }
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const file = form.get('file');
  const audio = file instanceof Blob ? readWav(new Uint8Array(await file.arrayBuffer())) : null;
  const fields = Object.fromEntries([...form].filter(([name]) => name !== 'file'));
  return { ...common, fields, audio };
}

async function send(response: ServerResponse, request: AudioRequest, reply: AudioReply): Promise<void> {
  const isSpeech = request.path === '/v1/audio/speech';
  if (!isSpeech && request.path !== '/v1/audio/transcriptions') return sendError(response, 404);
  if (reply.kind === 'speech') return speak(response, request, reply);
  if (reply.kind === 'text' || reply.kind === 'no-stream') return transcript(response, request, reply);
  return fail(response, isSpeech, reply);
}

async function transcript(
  response: ServerResponse,
  { fields }: AudioRequest,
  reply: Extract<AudioReply, { kind: 'text' | 'no-stream' }>,
): Promise<void> {
  const isStream = fields['stream'] === 'true';
  if (reply.kind === 'no-stream')
    return isStream ? sendError(response, 400) : json(response, { text: reply.text });
  return isStream ? stream(response, reply.pieces) : json(response, { text: reply.pieces.join('') });
}

async function fail(
  response: ServerResponse,
  isSpeech: boolean,
  reply: Exclude<AudioReply, { kind: 'speech' | 'text' | 'no-stream' }>,
): Promise<void> {
  if (reply.kind === 'silence') return;
  if (reply.kind === 'error') return sendError(response, reply.status, reply.retryAfter);
  if (reply.kind === 'garbage') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"detail": [{');
    return;
  }
  response.writeHead(200, { 'content-type': isSpeech ? 'audio/pcm' : 'text/event-stream' });
  response.write(isSpeech ? Buffer.alloc(4801) : event({ type: 'transcript.text.delta', delta: 'Hel' }));
  if (reply.kind === 'cut') await sleep(20).then(() => response.destroy());
}

async function stream(response: ServerResponse, pieces: string[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const delta of pieces) {
    response.write(event({ type: 'transcript.text.delta', delta }));
    await sleep(5);
  }
  response.end(event({ type: 'transcript.text.done', text: pieces.join('') }) + 'data: [DONE]\n\n');
}

async function speak(
  response: ServerResponse,
  request: AudioRequest,
  { pcm, as = 'pcm' }: Extract<AudioReply, { kind: 'speech' }>,
): Promise<void> {
  const spoken = pcm ?? (await synthesize(String(request.fields['input'])));
  const raw = Buffer.from(spoken.buffer, spoken.byteOffset, spoken.byteLength);
  const types = { pcm: 'audio/pcm', wav: 'audio/wav', mp3: 'audio/mpeg' };
  response.writeHead(200, { 'content-type': types[as] });
  const bytes = as === 'wav' ? wav(spoken, 24_000) : raw;
  for (let at = 0; at < bytes.length; at += 4801) {
    response.write(bytes.subarray(at, at + 4801));
    await sleep(1);
  }
  response.end();
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, retryAfter?: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  });
  response.end(JSON.stringify({ error: { message: `Status ${status}`, type: 'error', code: null } }));
}
