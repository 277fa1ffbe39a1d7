import { EgressAllowList, isPublicAddress } from './addresses.ts';

describe('isPublicAddress', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '169.254.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:7f00:1',
    '::127.0.0.1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '2001:10::1',
    '2001:20::1',
    '3fff::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '100::1',
    '5f00::1',
    '4000::1',
    'not an address',
    '',
    '1.2.3',
    '1.2.3.4.5',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['1.1.1.1', '93.184.216.34', '::ffff:8.8.8.8', '2606:4700::1111', '2a00:1450:4001::200e'])(
    'lets %s through',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('EgressAllowList', () => {
  const list = new EgressAllowList('127.0.0.0/8, ::1 ,mail.internal,*.svc.local,10.1.2.3');

  it.each(['127.0.0.1', '127.9.9.9', '::1', '[::1]', '::ffff:127.0.0.1', '10.1.2.3'])(
    'lists %s',
    (address) => {
      expect(list.allowsAddress(address)).toBe(true);
    },
  );

  it.each(['10.1.2.4', '128.0.0.1', '::2'])('does not list %s', (address) => {
    expect(list.allowsAddress(address)).toBe(false);
  });

  it('lists hosts whole, and below a star', () => {
    expect(
      ['mail.internal', 'MAIL.internal.', 'a.svc.local', 'a.b.svc.local'].every((host) =>
        list.allowsHost(host),
      ),
    ).toBe(true);
    expect(
      ['xmail.internal', 'svc.local', 'a.mail.internal', 'asvc.local'].some((host) => list.allowsHost(host)),
    ).toBe(false);
  });
});
