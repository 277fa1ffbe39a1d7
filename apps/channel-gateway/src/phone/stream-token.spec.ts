import { issueStreamToken, readStreamToken, type StreamGrant } from './stream-token.ts';

const authToken = '0123456789abcdef0123456789abcdef';
const grant: StreamGrant = {
  channelId: 'chan_01h455vb4pex5vsknk084sn02q',
  callSid: `CA${'1'.repeat(32)}`,
  direction: 'inbound',
  from: '+14155550101',
  to: '+14155550199',
  callId: null,
};
const now = 1_700_000_000_000;
const of = { channelId: grant.channelId, callSid: grant.callSid, authToken };

describe('The token of a media stream', () => {
  const token = issueStreamToken(grant, authToken, now);

  it('grants what it was issued for, within a minute, and fits into a parameter', () => {
    expect(readStreamToken(token, of, now)).toEqual(grant);
    expect(readStreamToken(token, of, now + 59_999)).toEqual(grant);
    expect(readStreamToken(token, of, now + 60_000)).toBeNull();
    const long = { ...grant, from: 'x'.repeat(64), callId: grant.channelId };
    expect(issueStreamToken(long, authToken).length).toBeLessThan(495);
  });

  it.each<[string, Partial<typeof of>]>([
    ['channel', { channelId: 'chan_other' }],
    ['call', { callSid: `CA${'2'.repeat(32)}` }],
    ['key', { authToken: 'f'.repeat(32) }],
  ])('grants nothing to another %s', (_what, change) => {
    expect(readStreamToken(token, { ...of, ...change }, now)).toBeNull();
  });

  it('is void with any character changed, and so is what is no token', () => {
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      expect(readStreamToken(token.slice(0, at) + other + token.slice(at + 1), of, now)).toBeNull();
    }
    for (const wrong of ['', '.', 'a.b', 'a.b.c', `${token}.`, `${token}=`, '{}'])
      expect(readStreamToken(wrong, of, now)).toBeNull();
  });
});
