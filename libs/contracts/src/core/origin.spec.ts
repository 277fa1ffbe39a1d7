import { canonicalOrigin, Origin, originMatches, SiteUrl } from './origin.ts';

test.each([
  ['https://shop.example', 'https://shop.example'],
  ['https://Shop.Example:443/', 'https://shop.example'],
  ['HTTP://shop.example:80', 'http://shop.example'],
  ['http://shop.example:8080', 'http://shop.example:8080'],
  ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
  ['https://*.Example.com', 'https://*.example.com'],
  ['https://*.example.com:8443', 'https://*.example.com:8443'],
  ['https://shop.example/path', null],
  ['https://shop.example?x', null],
  ['https://shop.example#x', null],
  ['https://user:password@shop.example', null],
  ['https://user@shop.example', null],
  ['ftp://shop.example', null],
  ['shop.example', null],
  ['null', null],
  ['*', null],
  ['https://*', null],
  ['https://*.com', null],
  ['https://shop.*.example', null],
  ['https://x*.example.com', null],
  ['https://*.*.example.com', null],
  ['https://shop.example\n', null],
  ['https://shop example', null],
  ['https://shop.example:99999', null],
])('%s is stored as %s', (text, expected) => {
  expect(canonicalOrigin(text)).toBe(expected);
  const parsed = Origin.safeParse(text);
  expect(parsed.success ? parsed.data : null).toBe(expected);
});

test.each([
  ['https://shop.example', 'https://shop.example', true],
  ['https://Shop.Example/', 'https://shop.example', true],
  ['https://shop.example', 'http://shop.example', false],
  ['https://shop.example', 'https://shop.example.evil.example', false],
  ['https://*.example.com', 'https://a.example.com', true],
  ['https://*.example.com', 'https://a.b.example.com', true],
  ['https://*.example.com', 'https://example.com', false],
  ['https://*.example.com', 'https://.example.com', false],
  ['https://*.example.com', 'https://evilexample.com', false],
  ['https://*.example.com', 'https://a.example.com.evil.example', false],
  ['https://*.example.com', 'https://evil.example/.example.com', false],
  ['https://*.example.com', 'https://evil.example?.example.com', false],
  ['https://*.example.com', 'http://a.example.com', false],
  ['https://*.example.com', 'https://a.example.com:8443', false],
  ['https://*.example.com:8443', 'https://a.example.com:8443', true],
  ['https://*.example.com', 'https://*.example.com', false],
  ['https://*.example.com', 'null', false],
  ['null', 'null', false],
])('%s includes a page of %s: %s', (listed, origin, expected) => {
  expect(originMatches(listed, origin)).toBe(expected);
});

test.each([
  ['https://shop.example/de?x=1', true],
  ['http://shop.example', true],
  ['javascript:alert(1)', false],
  ['https://user:password@shop.example', false],
])('%s is the address of a site: %s', (url, expected) => {
  expect(SiteUrl.safeParse(url).success).toBe(expected);
});
