/** An answer of the HTTP API. */
export interface ApiAnswer {
  status: number;
  body: Json;
}

/** Any JSON object; both versions are asked over plain HTTP, so that no schema of one of them is in the way. */
export interface Json {
  [name: string]: JsonValue;
}

/** A value of JSON; undefined where a field is absent. */
export type JsonValue = string | number | boolean | null | undefined | Json | JsonValue[];

/** A text of an answer, by the names that lead to it. */
export function textAt(value: JsonValue, ...names: string[]): string {
  let found = value;
  for (const name of names)
    found = typeof found === 'object' && found !== null && !Array.isArray(found) ? found[name] : undefined;
  return typeof found === 'string' ? found : '';
}

/** The HTTP API under one credential. */
export class Api {
  private readonly baseUrl: string;
  private readonly token: string | null;

  constructor(baseUrl: string, token: string | null) {
    this.baseUrl = baseUrl;
    this.token = token;
  }

  /** The same installation under another credential; null: none. */
  as(token: string | null): Api {
    return new Api(this.baseUrl, token);
  }

  /** How a request is authenticated. */
  get headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const response = await fetch(`${this.baseUrl}/api/v1${path}`, {
      method,
      headers: {
        ...this.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text) };
  }

  /** @throws Error with the answer when it is no success */
  async get(path: string): Promise<Json> {
    return succeed(`GET ${path}`, await this.ask('GET', path));
  }

  /** @throws Error with the answer when it is no success */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Json> {
    return succeed(`POST ${path}`, await this.ask('POST', path, body, headers));
  }

  /** Every item of a list, page by page. */
  async list(path: string): Promise<Json[]> {
    const items: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = `${path.includes('?') ? '&' : '?'}limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
      const page = await this.get(`${path}${query}`);
      items.push(...(page['data'] as Json[]));
      cursor = (page['nextCursor'] as string | null | undefined) ?? null;
    }
    return items;
  }

  /** Everything of a conversation that has a sequence, in order. */
  async listSequence(path: string): Promise<Json[]> {
    const items: Json[] = [];
    for (let after = 0, full = true; full; ) {
      const { data } = (await this.get(`${path}?limit=200&afterSequence=${after}`)) as { data: Json[] };
      items.push(...data);
      full = data.length === 200;
      after = Number(data.at(-1)?.['sequence'] ?? after);
    }
    return items;
  }
}

function succeed(what: string, { status, body }: ApiAnswer): Json {
  if (status >= 200 && status < 300) return body;
  throw new Error(`${what} answered ${status}: ${JSON.stringify(body).slice(0, 400)}`);
}

function parse(text: string): Json {
  try {
    return (text ? JSON.parse(text) : {}) as Json;
  } catch {
    return { text };
  }
}
