import type { KnownChannel } from '../channels/channel-directory.service.ts';
import { originAllowed, ownOriginOf, ownOrigins } from './origins.ts';

const channelOf = (allowedOrigins?: string[]): KnownChannel =>
  ({
    channelIdentifier: 'https://Shop.example/de',
    configuration: { allowedOrigins },
  }) as unknown as KnownChannel;

test.each([
  [{ PUBLIC_URL: 'https://chat.example/parley/', PORT: 8080 }, ['https://chat.example']],
  [
    { PUBLIC_URL: undefined, PORT: 8080 },
    [
      'http://localhost:8080',
      'https://localhost:8080',
      'http://127.0.0.1:8080',
      'https://127.0.0.1:8080',
      'http://[::1]:8080',
      'https://[::1]:8080',
    ],
  ],
])('the own origins with %j', (config, expected) => {
  expect(ownOrigins(config)).toEqual(expected);
});

test.each([
  ['https://shop.example', undefined, true],
  ['https://shop.example', [], true],
  ['https://shop.example', ['https://*.shop.example'], false],
  ['https://de.shop.example', ['https://*.shop.example'], true],
  // Entries of earlier versions are stored as they were written.
  ['https://other.example', ['https://Other.example:443'], true],
  ['http://localhost:8080', ['https://other.example'], true],
  ['http://192.0.2.1:8080', undefined, false],
  ['null', undefined, false],
  [undefined, undefined, false],
])('a page of %s opens a channel with the origins %j: %s', (origin, listed, expected) => {
  const own = ownOrigins({ PUBLIC_URL: undefined, PORT: 8080 });
  expect(originAllowed(channelOf(listed), origin, own)).toBe(expected);
});

test.each([
  ['http://127.0.0.1:8080', 'localhost:8080', 'http://127.0.0.1:8080'],
  // The address of widget.js is the one that the site's content security policy names.
  ['https://shop.example', 'localhost:8080', 'http://localhost:8080'],
  ['https://shop.example', '127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['https://shop.example', 'evil.example:8080', null],
  [undefined, undefined, null],
])('a page of %s that calls %s reaches the gateway at %s', (origin, host, expected) => {
  expect(ownOriginOf({ origin, host }, ownOrigins({ PUBLIC_URL: undefined, PORT: 8080 }))).toBe(expected);
});
