import { z } from 'zod';
import { ProviderError } from '../phone-provider.ts';
import { TwilioRest } from './rest.ts';

const credentials = { accountSid: `AC${'0'.repeat(32)}`, authToken: 'token' };
const Item = z.object({ sid: z.string() });

/** An API that gives these answers, one after the other, and keeps what it was asked. */
function api(...answers: [status: number, body: string, headers?: Record<string, string>][]): {
  rest: TwilioRest;
  asked: [string, RequestInit | undefined][];
} {
  const asked: [string, RequestInit | undefined][] = [];
  const answer: typeof fetch = (input, init) => {
    asked.push([input as string, init]);
    const [status, body, headers = {}] = answers.shift() ?? [500, ''];
    return Promise.resolve(new Response(body, { status, headers }));
  };
  return { rest: new TwilioRest({ credentials, apiBaseUrl: null, fetch: answer }), asked };
}

const page = (sid: string, next: string | null) =>
  [200, JSON.stringify({ items: [{ sid }], next_page_uri: next })] as [number, string];

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await work.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw error;
  return error;
}

describe("Twilio's REST API", () => {
  it('is asked as its account, with forms whose repeated names stay', async () => {
    const { rest, asked } = api([201, '{"sid":"CA1"}']);
    const form = { To: '+12125551234', StatusCallbackEvent: ['ringing', 'answered'], From: undefined };
    expect(await rest.post('/Calls.json', form, Item)).toEqual({ sid: 'CA1' });
    const [[url, init] = []] = asked;
    expect(url).toBe(`https://api.twilio.com/2010-04-01/Accounts/${credentials.accountSid}/Calls.json`);
    expect(init?.body).toBe('To=%2B12125551234&StatusCallbackEvent=ringing&StatusCallbackEvent=answered');
    expect(init?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from(`${credentials.accountSid}:token`).toString('base64')}`,
    });
  });

  it('is read to the last page', async () => {
    const { rest, asked } = api(page('one', '/2010-04-01/next?Page=1'), page('two', null));
    expect(await rest.list('/Items.json?PageSize=1', 'items', Item)).toEqual([
      { sid: 'one' },
      { sid: 'two' },
    ]);
    expect(asked[1]?.[0]).toBe('https://api.twilio.com/2010-04-01/next?Page=1');
  });

  it.each(['https://elsewhere.example/x', '//elsewhere.example/x', 'x'])(
    'sends its credentials to no other host: %s',
    async (next) => {
      const { rest, asked } = api(page('one', next), page('two', null));
      expect(await failure(rest.list('/Items.json', 'items', Item))).toMatchObject({ kind: 'away' });
      expect(asked).toHaveLength(1);
    },
  );

  it.each<[number, string, ProviderError['kind'], RegExp]>([
    [401, '{"code":20003}', 'credentials', /refuses the account SID/],
    [403, '{"code":20003,"message":"x"}', 'credentials', /refuses the account SID/],
    [400, '{"code":21211,"message":"bad To"}', 'refused', /\(400, Twilio's error 21211\): bad To$/],
    [404, '{"code":20404}', 'missing', /404, Twilio's error 20404/],
    [429, '', 'away', /takes no more requests/],
    [503, '<html>', 'away', /fault of its own \(503\)/],
    [200, '<html>', 'away', /could not be read/],
    [200, '{"other":1}', 'away', /could not be read/],
    [302, '', 'refused', /302/],
  ])('answers %s %s: %s', async (status, body, kind, message) => {
    const error = await failure(api([status, body]).rest.get('', Item));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(credentials.accountSid);
  });

  it('says when to come back, within the hour', async () => {
    const after = async (seconds: string) =>
      (await failure(api([429, '', { 'retry-after': seconds }]).rest.get('', Item))).afterMs;
    expect([await after('7'), await after('999999'), await after('soon')]).toEqual([7000, 3_600_000, null]);
  });
});
