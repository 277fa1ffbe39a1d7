import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { MasterKeys } from './master-keys.ts';
import { Secret } from './secret.ts';
import { SecretBox } from './secret-box.ts';
import { SpaceKeyRepository } from './space-key.repository.ts';

const place = { spaceId: 'space_a', table: 'channel', row: 'chan_1', column: 'credentials', version: 3 };
const masterKeys = new MasterKeys([randomBytes(32)]);
const box = new SecretBox(masterKeys, new SpaceKeyRepository());

describe('a sealed value', () => {
  const wrapped = masterKeys.createSpaceKey('space_a');
  const sealed = box.sealWith(wrapped, place, 'canary');

  it('opens where it was sealed, as a Secret', () => {
    expect(box.openWith(wrapped, place, sealed).reveal()).toBe('canary');
    expect(sealed).not.toContain('canary');
    expect(box.sealWith(wrapped, place, 'canary')).not.toBe(sealed);
  });

  it.each([{ table: 'x' }, { row: 'chan_2' }, { column: 'x' }, { version: 4 }])(
    'does not open at %o',
    (change) => {
      expect(() => box.openWith(wrapped, { ...place, ...change }, sealed)).toThrow();
    },
  );

  it('does not open in another space, with another key, or with a bit changed', () => {
    expect(() => box.openWith(wrapped, { ...place, spaceId: 'space_b' }, sealed)).toThrow();
    expect(() => box.openWith(masterKeys.createSpaceKey('space_a'), place, sealed)).toThrow(/came with key/);
    const last = sealed.at(-3) === 'A' ? 'B' : 'A';
    expect(() => box.openWith(wrapped, place, `${sealed.slice(0, -3)}${last}${sealed.slice(-2)}`)).toThrow();
    expect(() => box.openWith(wrapped, place, sealed.slice(0, 20))).toThrow();
    expect(() => box.openWith(wrapped, place, 'plain')).toThrow(/known format/);
  });
});

describe('the master keys', () => {
  it('open after a new one is put first, and rewrap under it', () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    const before = new MasterKeys([old]);
    const wrapped = before.createSpaceKey('space_a');
    const rewrapped = new MasterKeys([fresh, old]).rewrap('space_a', wrapped);
    const after = new MasterKeys([fresh]);
    expect(after.unwrap('space_a', rewrapped)).toEqual(before.unwrap('space_a', wrapped));
    expect(() => after.unwrap('space_a', wrapped)).toThrow(/MASTER_KEY_FILE does not hold/);
  });

  it('seal short-lived texts for one context', () => {
    const sealed = masterKeys.seal('canary', 'answer');
    expect(sealed).not.toContain('canary');
    expect(masterKeys.open(sealed, 'answer')).toBe('canary');
    expect(() => masterKeys.open(sealed, 'other')).toThrow();
    expect(() => new MasterKeys([randomBytes(32)]).open(sealed, 'answer')).toThrow(/is gone/);
  });

  it('of a service of its own wrap new keys, and the common ones still open', () => {
    const common = new MasterKeys([randomBytes(32)]);
    const own = new MasterKeys([randomBytes(32)]);
    const wrapped = common.createSpaceKey('space_a');
    const both = own.withFallback(common);
    expect(both.isCurrent(wrapped)).toBe(false);
    const rewrapped = both.rewrap('space_a', wrapped);
    expect(both.isCurrent(rewrapped)).toBe(true);
    expect(own.unwrap('space_a', rewrapped)).toEqual(common.unwrap('space_a', wrapped));
    expect(() => common.unwrap('space_a', rewrapped)).toThrow();
    const config = { CHANNEL_MASTER_KEY: randomBytes(32).toString('base64') };
    expect(() => MasterKeys.fromConfig('gateway', config, 'CHANNEL_MASTER_KEY')).not.toThrow();
    expect(() => MasterKeys.fromConfig('gateway', config)).toThrow(/MASTER_KEY_FILE is missing/);
  });

  it('refuse to be short or missing', () => {
    expect(() => new MasterKeys([randomBytes(16)])).toThrow(/32 bytes/);
    expect(() => MasterKeys.fromConfig('gateway', {})).toThrow(/MASTER_KEY_FILE is missing/);
    expect(() => MasterKeys.fromConfig('gateway', { MASTER_KEY_FILE: '/nowhere' })).toThrow(/readable file/);
  });
});

describe('Secret', () => {
  it('prints *** in every way', () => {
    const secret = new Secret('canary');
    const printed = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ secret }, { showHidden: true }),
    ];
    expect(printed.join(' ')).not.toContain('canary');
    expect(secret.reveal()).toBe('canary');
  });
});
