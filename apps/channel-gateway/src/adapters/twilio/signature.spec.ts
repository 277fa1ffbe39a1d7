import fc from 'fast-check';
import twilio from 'twilio';
import { type TwilioRequest, verifySignature } from './signature.ts';

const TOKEN = '12345678901234567890123456789012';
const form = 'application/x-www-form-urlencoded';

const letters = fc.string({ unit: 'grapheme', maxLength: 12 });
const fields = fc.dictionary(
  fc.string({ unit: fc.constantFrom(...'ABCabc019_'.split('')), minLength: 1, maxLength: 6 }),
  fc.oneof(letters, fc.array(letters, { minLength: 1, maxLength: 4 })),
  { maxKeys: 8 },
);
const host = fc.constantFrom(
  'example.com',
  'EXAMPLE.com',
  'sub.example.org',
  '[::1]',
  '192.0.2.7',
  'xn--bcher-kva.example',
);
const user = fc.constantFrom('', '', '', 'user@', 'user:pass@', 'us%40er:p%3Ass@');
const port = fc.constantFrom('', '', ':443', ':80', ':8443');
const path = fc.array(fc.constantFrom('a', 'b%20c', 'webhooks', "it's", 'ü', '(x)', '%7e'), { maxLength: 4 });
const query = fc.array(
  fc.tuple(fc.constantFrom('q', 'foo', 'Bar'), fc.constantFrom('1', "it's", 'a+b', 'ü', '%27', '', '(y)')),
  { maxLength: 3 },
);
const address = fc
  .tuple(fc.constantFrom('https://', 'http://', 'wss://'), user, host, port, path, query)
  .map(
    ([scheme, who, where, door, parts, pairs]) =>
      `${scheme}${who}${where}${door}/${parts.join('/')}${pairs.length ? `?${pairs.map((pair) => pair.join('=')).join('&')}` : ''}`,
  );

function encode(values: Record<string, string | string[]>): Buffer {
  const made = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    for (const one of [value].flat()) made.append(name, one);
  return Buffer.from(made.toString());
}

/** What a server sees of a form: one value as a text, several as a list. */
function decode(body: Buffer): Record<string, string | string[]> {
  const made = new URLSearchParams(body.toString());
  return Object.fromEntries(
    [...new Set(made.keys())].map((name) => {
      // The official package knows lists of its own realm alone.
      const all = [...made.getAll(name)];
      return [name, all.length === 1 ? (all[0] ?? '') : all];
    }),
  );
}

/** Other ways in which the same request may have been signed. */
function variants(url: string): string[] {
  return [url, url.replace(/:(?:443|80|8443)\//, '/'), new URL(url).href];
}

describe('signatures of Twilio', () => {
  it('are accepted and refused as by the official package, on forms', () => {
    fc.assert(
      fc.property(address, fields, fc.nat(2), fc.boolean(), (url, values, variant, right) => {
        const body = encode(values);
        const parameters = decode(body);
        const signed = variants(url)[variant] ?? url;
        const signature = twilio.getExpectedTwilioSignature(right ? TOKEN : `${TOKEN}x`, signed, parameters);
        const request: TwilioRequest = { url, signature, contentType: form, body };
        expect(verifySignature(request, TOKEN)).toBe(
          twilio.validateRequest(TOKEN, signature, url, parameters),
        );
      }),
      { numRuns: 1500 },
    );
  });

  it('are accepted and refused as by the official package, on JSON', () => {
    fc.assert(
      fc.property(address, fc.json(), fc.boolean(), (address, text, changed) => {
        const body = Buffer.from(text);
        const hash = twilio.getExpectedBodyHash(text);
        const url = `${address}${address.includes('?') ? '&' : '?'}bodySHA256=${hash}`;
        const signature = twilio.getExpectedTwilioSignature(TOKEN, url, {});
        const received = changed ? Buffer.concat([body, Buffer.from(' ')]) : body;
        const request: TwilioRequest = { url, signature, contentType: 'application/json', body: received };
        expect(verifySignature(request, TOKEN)).toBe(!changed);
        expect(twilio.validateRequestWithBody(TOKEN, signature, url, received.toString())).toBe(!changed);
      }),
      { numRuns: 300 },
    );
  });

  it('are refused after any change of one bit: in the signature, the body, the address', () => {
    fc.assert(
      fc.property(
        fields,
        fc.nat(),
        fc.nat(7),
        fc.constantFrom('signature', 'body', 'url'),
        (values, at, bit, where) => {
          const url = 'https://example.com/api/v1/webhooks/twilio/chan_1?a=b';
          const body = encode({ CallSid: 'CA1', ...values });
          const signature = twilio.getExpectedTwilioSignature(TOKEN, url, decode(body));
          const request = { url, signature, contentType: form, body };
          expect(verifySignature(request, TOKEN)).toBe(true);
          const flipped = flip(Buffer.from(request[where]), at, bit);
          const changed =
            where === 'body'
              ? { ...request, body: flipped }
              : { ...request, [where]: flipped.toString('latin1') };
          // Two ways to write one form are one form.
          if (where === 'body' && JSON.stringify(decode(flipped)) === JSON.stringify(decode(body))) return;
          expect(verifySignature(changed, TOKEN)).toBe(
            twilio.validateRequest(TOKEN, changed.signature, safe(changed.url), decode(changed.body)),
          );
          if (where === 'signature') expect(verifySignature(changed, TOKEN)).toBe(false);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('are missing, empty or for another token: refused', () => {
    const request: TwilioRequest = {
      url: 'https://example.com/',
      signature: undefined,
      contentType: form,
      body: Buffer.alloc(0),
    };
    expect(verifySignature(request, TOKEN)).toBe(false);
    expect(verifySignature({ ...request, signature: '' }, TOKEN)).toBe(false);
    const signature = twilio.getExpectedTwilioSignature('another', request.url, {});
    expect(verifySignature({ ...request, signature }, TOKEN)).toBe(false);
    expect(verifySignature({ ...request, url: 'no address', signature }, TOKEN)).toBe(false);
  });
});

function flip(bytes: Buffer, at: number, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  const place = at % changed.length;
  changed[place] = (changed[place] ?? 0) ^ (1 << bit);
  return changed;
}

/** The official package throws on what is no address; ours refuses it. */
function safe(url: string): string {
  return URL.canParse(url) ? url : 'https://refused.example/';
}
