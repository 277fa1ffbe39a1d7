import { EgressError } from '@parley/service';
import { z } from 'zod';
import { truncate } from '@parley/text';
import { type ProviderAccess, ProviderError } from '../phone-provider.ts';

/** A field of a form; a list is written as the same name repeated. */
export type TwilioForm = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Where Twilio's API is. */
export const HOME = 'https://api.twilio.com';
/** Pages of at most 1,000; nobody has more. */
const PAGES = 200;

const Refused = z.object({ code: z.number().optional(), message: z.string().optional() });
const Page = z.object({ next_page_uri: z.string().nullish() });

/**
 * Twilio's REST API for one account: `/2010-04-01/Accounts/<sid>`, HTTP Basic, forms in, JSON out. The `fetch` that is
 * handed in bears time-out and guard.
 * Source: https://www.twilio.com/docs/usage/api
 */
export class TwilioRest {
  private readonly access: ProviderAccess;
  private readonly home: string;
  private readonly base: string;

  constructor(access: ProviderAccess) {
    this.access = access;
    this.home = (access.apiBaseUrl ?? HOME).replace(/\/+$/, '');
    this.base = `/2010-04-01/Accounts/${access.credentials.accountSid}`;
  }

  /**
   * Reads what lies below the account, such as `/Calls/CA….json`; '' is the account itself.
   * @throws ProviderError
   */
  async get<Output>(path: string, shape: z.ZodType<Output>): Promise<Output> {
    return this.ask(this.pathOf(path), {}, shape);
  }

  /**
   * Writes or makes something.
   * @throws ProviderError; after `away` it is not known whether it was done, unless `isUndone` says so
   */
  async post<Output>(path: string, form: TwilioForm, shape: z.ZodType<Output>): Promise<Output> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(form))
      for (const one of typeof value === 'string' ? [value] : (value ?? [])) body.append(name, one);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.ask(this.pathOf(path), { method: 'POST', body: body.toString(), headers }, shape);
  }

  /**
   * Reads a list to its end.
   * @throws ProviderError
   */
  async list<Item>(path: string, key: string, item: z.ZodType<Item>): Promise<Item[]> {
    const shape = Page.extend({ [key]: z.array(item) });
    const found: Item[] = [];
    let next: string | null = this.pathOf(path);
    for (let page = 0; next !== null && page < PAGES; page += 1) {
      const answer: Record<string, unknown> = await this.ask(next, {}, shape);
      found.push(...(answer[key] as Item[]));
      next = (answer['next_page_uri'] as string | null | undefined) || null;
    }
    return found;
  }

  private pathOf(path: string): string {
    const [name = '', query] = path.split('?');
    return `${this.base}${name.replace(/\.json$/, '')}.json${query ? `?${query}` : ''}`;
  }

  private async ask<Output>(path: string, init: RequestInit, shape: z.ZodType<Output>): Promise<Output> {
    // Where the next page lies is told by the other side: it stays on that host.
    if (!path.startsWith('/') || path.startsWith('//')) throw notTwilio();
    const { accountSid, authToken } = this.access.credentials;
    const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;
    const headers = {
      ...(init.headers as Record<string, string>),
      authorization,
      accept: 'application/json',
    };
    let status: number;
    let text: string;
    let retryAfter: string | null;
    try {
      const response = await this.access.fetch(`${this.home}${path}`, { ...init, headers });
      [status, retryAfter] = [response.status, response.headers.get('retry-after')];
      text = await response.text();
    } catch (error) {
      throw unreachable(error);
    }
    if (status < 200 || status > 299) throw refusal(status, text, retryAfter);
    const parsed = shape.safeParse(toJson(text));
    if (!parsed.success) throw notTwilio();
    return parsed.data;
  }
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notTwilio(): ProviderError {
  return new ProviderError(
    'away',
    "Twilio's answer could not be read. If configuration.apiBaseUrl is set, see whether it is the address of Twilio's API",
  );
}

function unreachable(error: unknown): ProviderError {
  if (error instanceof EgressError && error.code === 'egress_refused')
    return new ProviderError(
      'refused',
      'configuration.apiBaseUrl names an address that may not be called. Correct it, or have an operator list it in EGRESS_ALLOW.',
    );
  const late = error instanceof EgressError && error.code === 'egress_timeout';
  return new ProviderError('away', late ? 'Twilio did not answer in time' : 'Twilio could not be reached');
}

const WRONG_CREDENTIALS =
  'Twilio refuses the account SID and auth token. Copy both from the start page of the Twilio console (Account Info) and save them as credentials of the channel.';

function refusal(status: number, text: string, retryAfter: string | null): ProviderError {
  const parsed = Refused.safeParse(toJson(text));
  const { code = null, message = '' } = parsed.success ? parsed.data : {};
  const about = code === null ? `${status}` : `${status}, Twilio's error ${code}`;
  if (status === 401 || code === 20003) return new ProviderError('credentials', WRONG_CREDENTIALS, { code });
  if (status === 429 || status >= 500) return notNow(status, about, { code, afterMs: pauseOf(retryAfter) });
  if (status === 404)
    return new ProviderError('missing', `Twilio did not find the resource (${about}).`, { code });
  const said = message ? `: ${truncate(message, 200)}` : '';
  return new ProviderError('refused', `Twilio refuses the request (${about})${said}`, { code });
}

function notNow(
  status: number,
  about: string,
  details: { code: number | null; afterMs: number | null },
): ProviderError {
  const what =
    status === 429
      ? 'Twilio takes no more requests of this account at the moment'
      : 'Twilio has a fault of its own';
  return new ProviderError('away', `${what} (${about})`, { ...details, isUndone: status === 429 });
}

/** Milliseconds that a `Retry-After` in seconds asks for, an hour at most. */
function pauseOf(retryAfter: string | null): number | null {
  const seconds = Number(retryAfter);
  return retryAfter && seconds > 0 ? Math.min(seconds, 3600) * 1000 : null;
}
