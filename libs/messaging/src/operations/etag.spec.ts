import { etagOf, requireMatch } from './etag.ts';

describe('entity tags', () => {
  const current = { id: 'agent_1', name: 'Pia' };
  const tag = etagOf(JSON.stringify(current));

  it('let a change through that knows what stands, or does not ask', () => {
    for (const fits of [null, '*', tag, `"other", ${tag}`])
      expect(() => requireMatch(fits, current)).not.toThrow();
  });

  it('refuse a change on another state with 412, and say what to do', () => {
    for (const stale of ['"other"', `W/${tag}`, 'nonsense', ''])
      expect(() => requireMatch(stale, current)).toThrow(/Fetch it again/u);
    expect(() => requireMatch(tag, { ...current, name: 'Kim' })).toThrow();
  });
});
