import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A number of the account, as Twilio's API names its fields. */
export interface TwilioNumber {
  sid: string;
  phone_number: string;
  friendly_name: string;
  capabilities: { voice: boolean; sms: boolean; mms: boolean; fax: boolean };
  voice_url: string;
  voice_method: string;
  voice_fallback_url: string;
  voice_application_sid: string;
  sms_url: string;
  sms_method: string;
  sms_application_sid: string;
  status_callback: string;
  status_callback_method: string;
  trunk_sid: string | null;
}

/** A call of the account. */
export interface TwilioCall {
  sid: string;
  to: string;
  from: string;
  status: string;
  /** RFC 2822, as Twilio writes it. */
  date_created: string;
  /** What it was asked with, in Twilio's PascalCase; a repeated name keeps all its values. */
  asked: Record<string, string[]>;
}

/** A request as it reached the server. */
export interface TwilioRestRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  form: Record<string, string[]>;
}

/** What goes wrong with the next requests: a status with Twilio's error code, no answer, something that is no JSON, a torn connection. */
export type TwilioFault =
  | { kind: 'error'; status: number; code: number; message?: string; retryAfter?: string }
  | { kind: 'silence' }
  | { kind: 'malformed' }
  | { kind: 'cut' }
  /** Does what was asked, then tears the connection: the asker does not know. */
  | { kind: 'done_but_cut' }
  /** Does what was asked and never answers. */
  | { kind: 'done_but_silent' };

/** A local server that speaks Twilio's REST API over a real socket. */
export interface TwilioServer {
  readonly apiBaseUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  readonly numbers: TwilioNumber[];
  readonly calls: TwilioCall[];
  readonly requests: TwilioRestRequest[];
  /** `active`, `suspended` or `closed`. */
  status: string;
  /** Lines up faults: each is used once, by the next request whose path has the text. */
  fail(pathPart: string, ...faults: TwilioFault[]): void;
  close(): Promise<void>;
}

/** How it is started. */
export interface TwilioServerOptions {
  numbers?: readonly (Partial<TwilioNumber> & { phone_number: string })[];
  /** Largest page; smaller than Twilio's 1,000 so that pages are met. */
  pageSize?: number;
}

type PendingFault = { pathPart: string; fault: TwilioFault };

/** Starts it on loopback, with an account of its own. */
export async function startTwilioServer(options: TwilioServerOptions = {}): Promise<TwilioServer> {
  const account = new FakeAccount(options);
  const server = createServer((request, response) => {
    void account.handleRequest(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  account.apiBaseUrl = `http://127.0.0.1:${port}`;
  account.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return account;
}

/** Statuses in which nothing can be done to a call any more. */
const ended: ReadonlySet<string> = new Set(['canceled', 'completed', 'busy', 'failed', 'no-answer']);

const sid = (prefix: string): string => `${prefix}${randomBytes(16).toString('hex')}`;

class FakeAccount implements TwilioServer {
  apiBaseUrl = '';
  readonly accountSid = sid('AC');
  readonly authToken = randomBytes(16).toString('hex');
  readonly numbers: TwilioNumber[];
  readonly calls: TwilioCall[] = [];
  readonly requests: TwilioRestRequest[] = [];
  status = 'active';
  close: () => Promise<void> = () => Promise.resolve();
  private readonly faults: PendingFault[] = [];
  private readonly pageSize: number;

  constructor({ numbers = [], pageSize = 50 }: TwilioServerOptions) {
    this.pageSize = pageSize;
    this.numbers = numbers.map((given) => ({ ...numberDefaults(given.phone_number), ...given }));
  }

  fail(pathPart: string, ...faults: TwilioFault[]): void {
    this.faults.push(...faults.map((fault) => ({ pathPart, fault })));
  }

  async handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readRequest(request);
    this.requests.push(asked);
    if (request.headers.authorization !== this.credentials())
      return sendRejection(response, { status: 401, code: 20003, message: 'Authenticate' });
    const fault = this.faultFor(asked.path);
    if (fault && isRejection(fault)) return fail(response, fault);
    const { status, body } = this.answer(asked);
    if (fault?.kind === 'done_but_cut') return void response.destroy();
    if (fault?.kind === 'done_but_silent') return;
    // Nothing answers at once over the internet.
    await sleep(5);
    response.writeHead(status, { 'content-type': 'application/json' });
    const text = body === null ? '' : JSON.stringify(body);
    response.end(fault?.kind === 'malformed' ? text.slice(0, -7) : text);
  }

  private credentials(): string {
    return `Basic ${Buffer.from(`${this.accountSid}:${this.authToken}`).toString('base64')}`;
  }

  private faultFor(path: string): TwilioFault | undefined {
    const index = this.faults.findIndex(({ pathPart }) => path.includes(pathPart));
    return index === -1 ? undefined : this.faults.splice(index, 1)[0]?.fault;
  }

  private answer(asked: TwilioRestRequest): { status: number; body: unknown } {
    const base = `/2010-04-01/Accounts/${this.accountSid}`;
    if (asked.path === `${base}.json`)
      return { status: 200, body: { sid: this.accountSid, status: this.status, friendly_name: 'Test' } };
    if (asked.path === `${base}/IncomingPhoneNumbers.json`) return this.listNumbers(asked, base);
    if (asked.path === `${base}/Calls.json`)
      return asked.method === 'POST' ? this.createCall(asked) : this.listCalls(asked, base);
    const [, kind, id] =
      /^\/([A-Za-z]+)\/([A-Z]{2}[0-9a-f]{32})\.json$/.exec(asked.path.replace(base, '')) ?? [];
    if (kind === 'IncomingPhoneNumbers') return this.oneNumber(asked, id ?? '');
    if (kind === 'Calls') return this.oneCall(asked, id ?? '');
    return notFound(asked.path);
  }

  private listNumbers({ query }: TwilioRestRequest, base: string): { status: number; body: unknown } {
    const wanted = query.get('PhoneNumber');
    const all = this.numbers.filter((one) => wanted === null || one.phone_number.includes(wanted));
    const path = `${base}/IncomingPhoneNumbers.json`;
    return this.page({ all, key: 'incoming_phone_numbers', path, query });
  }

  /** The newest first. */
  private listCalls({ query }: TwilioRestRequest, base: string): { status: number; body: unknown } {
    const fits = (name: string, value: string): boolean => (query.get(name) ?? value) === value;
    const all = this.calls
      .filter((one) => fits('To', one.to) && fits('From', one.from) && fits('Status', one.status))
      .map((one) => ({ ...one, asked: undefined }))
      .toReversed();
    return this.page({ all, key: 'calls', path: `${base}/Calls.json`, query });
  }

  private page(of: { all: readonly object[]; key: string; path: string; query: URLSearchParams }): {
    status: number;
    body: unknown;
  } {
    const { all, key, path, query } = of;
    const size = Math.min(this.pageSize, Number(query.get('PageSize') ?? 50));
    const page = Number(query.get('Page') ?? 0);
    const next = new URLSearchParams({
      ...Object.fromEntries(query),
      PageSize: String(size),
      Page: String(page + 1),
    });
    return {
      status: 200,
      body: {
        [key]: all.slice(page * size, (page + 1) * size),
        page,
        page_size: size,
        next_page_uri: all.length > (page + 1) * size ? `${path}?${next}` : null,
      },
    };
  }

  private oneNumber(
    { method, form, path }: TwilioRestRequest,
    id: string,
  ): { status: number; body: unknown } {
    const found = this.numbers.find((one) => one.sid === id);
    if (!found) return notFound(path);
    if (method === 'POST')
      for (const [name, [value]] of Object.entries(form)) Reflect.set(found, snake(name), value ?? '');
    return { status: 200, body: found };
  }

  private createCall({ form }: TwilioRestRequest): { status: number; body: unknown } {
    const [to] = form['To'] ?? [];
    const [from] = form['From'] ?? [];
    if (!to || !/^\+[1-9]\d{6,14}$/.test(to))
      return { status: 400, body: problem(400, 21211, `The phone number ${to} is not valid`) };
    if (!from || !this.numbers.some((one) => one.phone_number === from))
      return { status: 400, body: problem(400, 21210, `${from} is not a number of this account`) };
    const date_created = new Date().toUTCString().replace('GMT', '+0000');
    const call: TwilioCall = { sid: sid('CA'), to, from, status: 'queued', date_created, asked: form };
    this.calls.push(call);
    return { status: 201, body: { ...call, asked: undefined } };
  }

  private oneCall({ method, form, path }: TwilioRestRequest, id: string): { status: number; body: unknown } {
    const found = this.calls.find((one) => one.sid === id);
    if (!found) return notFound(path);
    const [status] = form['Status'] ?? [];
    if (method === 'POST' && ended.has(found.status))
      return { status: 400, body: problem(400, 21220, 'Call is not in-progress. Cannot redirect.') };
    if (method === 'POST' && status && (status !== 'canceled' || found.status !== 'in-progress'))
      found.status = status;
    return { status: 200, body: { ...found, asked: undefined } };
  }
}

function numberDefaults(phone: string): TwilioNumber {
  return {
    // The same number has the same id in every run.
    sid: `PN${createHash('md5').update(phone).digest('hex')}`,
    phone_number: phone,
    friendly_name: phone,
    capabilities: { voice: true, sms: true, mms: true, fax: false },
    ...{ voice_url: '', voice_method: 'POST', voice_fallback_url: '', voice_application_sid: '' },
    ...{ sms_url: '', sms_method: 'POST', sms_application_sid: '' },
    ...{ status_callback: '', status_callback_method: 'POST', trunk_sid: null },
  };
}

async function readForm(request: IncomingMessage): Promise<Record<string, string[]>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const fields = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  return Object.fromEntries([...new Set(fields.keys())].map((name) => [name, fields.getAll(name)]));
}

async function readRequest(request: IncomingMessage): Promise<TwilioRestRequest> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const form = await readForm(request);
  return { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, form };
}

/** A fault with which nothing is done. */
type RejectingFault = Extract<TwilioFault, { kind: 'error' | 'silence' | 'cut' }>;

function isRejection(fault: TwilioFault): fault is RejectingFault {
  return fault.kind === 'error' || fault.kind === 'silence' || fault.kind === 'cut';
}

function fail(response: ServerResponse, fault: RejectingFault): void {
  if (fault.kind === 'error') sendRejection(response, fault);
  if (fault.kind === 'cut') response.destroy();
}

function sendRejection(
  response: ServerResponse,
  {
    status,
    code,
    message = `Status ${status}`,
    retryAfter,
  }: { status: number; code: number; message?: string; retryAfter?: string },
): void {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter ? { 'retry-after': retryAfter } : {}),
  };
  response.writeHead(status, headers);
  response.end(JSON.stringify(problem(status, code, message)));
}

function notFound(path: string): { status: number; body: unknown } {
  return { status: 404, body: problem(404, 20404, `The requested resource ${path} was not found`) };
}

function problem(status: number, code: number, message: string): object {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status };
}

/** `VoiceUrl` as `voice_url`. */
function snake(name: string): string {
  return name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
