import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Told as bytes arrive; `total` is null where the server does not say. */
export type OnProgress = (received: number, total: number | null) => void;

export interface DownloadOptions {
  url: string;
  /** Where the part grows; it stays when the download is broken off. */
  part: string;
  onProgress?: OnProgress;
  signal?: AbortSignal;
  /** The longest silence of the server. */
  timeoutMs?: number;
}

/**
 * Downloads a file, from where an earlier attempt was broken off if the server still has the same file. Answers the
 * SHA-256 of the whole.
 * @throws Error that names the mend; the part stays
 */
export async function download(options: DownloadOptions): Promise<string> {
  await mkdir(dirname(options.part), { recursive: true });
  const tag = `${options.part}.etag`;
  const have = await sizeOf(options.part);
  const known = await readFile(tag, 'utf8').catch(() => '');
  const resumes = have > 0 && known !== '';
  const watch = new Watch(options.timeoutMs ?? 30_000, options.signal);
  try {
    const answer = await request(options.url, resumes ? { have, known } : null, watch.signal);
    if (answer.status === 416) {
      // Nothing is left to send: the part is whole, or of another file, which its checksum tells.
      await answer.body?.cancel();
      return await sha256Of(options.part);
    }
    if (!answer.ok) throw await refusal(answer, options.url);
    const from = answer.status === 206 ? have : 0;
    await writeFile(tag, answer.headers.get('etag') ?? '');
    await receive(answer, from, { ...options, watch });
  } catch (error) {
    throw watch.errorOf(error, options.url);
  } finally {
    watch.end();
  }
  return sha256Of(options.part);
}

/** Removes the part and what is remembered of it. */
export async function dropPart(part: string): Promise<void> {
  await Promise.all([part, `${part}.etag`].map((file) => rm(file, { force: true })));
}

function request(
  url: string,
  resume: { have: number; known: string } | null,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = resume
    ? { range: `bytes=${resume.have}-`, 'if-range': resume.known }
    : {};
  return fetch(url, { headers, signal, redirect: 'follow' });
}

async function receive(
  answer: Response,
  from: number,
  { part, onProgress, watch }: DownloadOptions & { watch: Watch },
): Promise<void> {
  const length = answer.headers.get('content-length');
  const total = length === null ? null : from + Number(length);
  const file = await open(part, from === 0 ? 'w' : 'a');
  let received = from;
  try {
    for await (const chunk of answer.body ?? []) {
      await file.write(chunk as Uint8Array);
      received += (chunk as Uint8Array).length;
      watch.touch();
      onProgress?.(received, total);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== null && received < total)
    throw new Error('The connection broke. Run the same command again to go on.');
}

async function refusal(answer: Response, url: string): Promise<Error> {
  await answer.body?.cancel();
  const { host } = new URL(url);
  const mend = answer.status === 404 ? 'The model has moved; look for its new address.' : 'Try again later.';
  return new Error(`${host} answered with status ${answer.status}. ${mend}`);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

class Watch {
  readonly #silence = new AbortController();
  readonly #timeoutMs: number;
  readonly #outer: AbortSignal | undefined;
  #timer: NodeJS.Timeout;

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    this.#outer = outer;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#outer ? AbortSignal.any([this.#silence.signal, this.#outer]) : this.#silence.signal;
  }

  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  errorOf(error: unknown, url: string): Error {
    const again = 'Run the same command again to go on.';
    if (this.#outer?.aborted) return new Error(`Broken off. ${again}`);
    if (this.#silence.signal.aborted)
      return new Error(`${new URL(url).host} said nothing for too long. ${again}`);
    // What fetch throws when the network fails, from whichever realm it is.
    if ((error as Error | undefined)?.name === 'TypeError')
      return new Error(`The connection to ${new URL(url).host} broke. ${again}`);
    return error instanceof Error ? error : new Error(String(error));
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#silence.abort(), this.#timeoutMs);
  }
}
