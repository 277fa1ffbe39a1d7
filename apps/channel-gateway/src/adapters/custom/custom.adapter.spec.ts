import type { Message } from '@parley/contracts';
import { Webhook } from 'standardwebhooks';
import { customAdapter } from './custom.adapter.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const now = Date.parse('2026-01-01T12:00:00Z');
const recorded = JSON.stringify({
  messageId: 'm-1',
  sender: { id: 'ann', name: 'Ann' },
  parts: [{ type: 'text', text: 'Hello' }],
});

function signed(body: string, at = now): Parameters<typeof customAdapter.verify>[0] {
  const headers = {
    'webhook-id': 'wh_1',
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(secret).sign('wh_1', new Date(at), body),
  };
  return { headers, body: Buffer.from(body), now };
}

describe('The custom adapter', () => {
  it('takes a signature of the standard library, and one among several', () => {
    const request = signed(recorded);
    expect(customAdapter.verify(request, secret)).toBe(true);
    const several = `v1,AAAA ${request.headers['webhook-signature']}`;
    expect(
      customAdapter.verify(
        { ...request, headers: { ...request.headers, 'webhook-signature': several } },
        secret,
      ),
    ).toBe(true);
  });

  it('refuses a changed bit, another secret, an old signature and missing headers', () => {
    const request = signed(recorded);
    const changed = Buffer.from(recorded.replace('Hello', 'Hellp'));
    expect(customAdapter.verify({ ...request, body: changed }, secret)).toBe(false);
    expect(customAdapter.verify(request, `whsec_${Buffer.alloc(32, 8).toString('base64')}`)).toBe(false);
    expect(customAdapter.verify(signed(recorded, now - 301_000), secret)).toBe(false);
    expect(customAdapter.verify({ ...request, headers: {} }, secret)).toBe(false);
  });

  it('reads a message, the same each time, and answers with its id', () => {
    const messages = customAdapter.parse(Buffer.from(recorded));
    expect(messages).toEqual([
      {
        providerMessageId: 'm-1',
        sender: { id: 'ann', name: 'Ann' },
        parts: [{ type: 'text', text: 'Hello', format: 'plain' }],
        metadata: {},
      },
    ]);
    expect(customAdapter.parse(Buffer.from(recorded))).toEqual(messages);
    expect(customAdapter.answer(messages)).toEqual({ status: 202, body: { messageId: 'm-1' } });
  });

  it.each(['{', '[]', '{"messageId":"m-1"}', recorded.replace('}', ',"more":1}')])(
    'refuses the body %s as bad input',
    (body) => {
      expect(() => customAdapter.parse(Buffer.from(body))).toThrow(expect.objectContaining({ status: 400 }));
    },
  );

  it('sends a signed callback, and says whether another try is worth it', async () => {
    const outbound = {
      deliveryId: 'dlv_1',
      kind: 'message' as const,
      conversationId: 'conv_1',
      to: 'ann',
      inReplyTo: 'm-1',
      message: { id: 'msg_1' } as Message,
    };
    const kinds = await Promise.all(
      [200, 503, 404].map(async (status) => {
        const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
          const headers = Object.fromEntries(new Headers(init?.headers));
          const { deliveryId, kind: type, ...rest } = outbound;
          const body = Buffer.from(init?.body as Uint8Array).toString();
          const at = String(Math.floor(now / 1000));
          expect(headers).toMatchObject({ 'webhook-id': deliveryId, 'webhook-timestamp': at });
          expect(customAdapter.verify({ headers, body: Buffer.from(body), now }, secret)).toBe(true);
          expect(JSON.parse(body)).toEqual({ type, ...rest, to: { id: 'ann' } });
          return new Response('', { status });
        };
        const configuration = { callbackUrl: 'https://example.org/hook' };
        return (await customAdapter.send(outbound, { secret, configuration, fetch, now })).kind;
      }),
    );
    expect(kinds).toEqual(['sent', 'later', 'refused']);
  });

  it('delivers only where a callback is set', () => {
    expect(customAdapter.deliverableKinds({})).toEqual([]);
    expect(customAdapter.deliverableKinds({ callbackUrl: 'https://example.org/hook' })).toEqual([
      'message',
      'message_changed',
      'message_deleted',
      'reaction',
    ]);
  });
});
