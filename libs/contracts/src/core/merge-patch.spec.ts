import { z } from 'zod';
import { Metadata } from './common.ts';
import { applyPatch, mergePatch, patchOf } from './merge-patch.ts';
import { ProblemError } from './problem.ts';

/** The test cases of RFC 7396, appendix A: original, patch, result. */
const rfc7396: [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('mergePatch', () => {
  it.each(rfc7396)('merges %j with %j into %j', (original, patch, result) => {
    const before = structuredClone(original);
    expect(mergePatch(original, patch)).toEqual(result);
    expect(original).toEqual(before);
  });

  it('counts undefined as left out, and reaches no prototype', () => {
    expect(mergePatch({ a: 1 }, { a: undefined })).toEqual({ a: 1 });
    const merged = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"a": 1}}'));
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(merged as object)).toEqual(['__proto__', 'constructor']);
  });
});

describe('patchOf and applyPatch', () => {
  const Widget = z.strictObject({
    position: z.enum(['left', 'right']).default('right'),
    theme: z
      .strictObject({ primary: z.string().max(7), radius: z.int().optional() })
      .default({ primary: 'red' }),
    origins: z.array(z.string()).max(2).nullable(),
    data: Metadata.optional(),
  });
  const Patch = patchOf(Widget);
  const current = { position: 'left' as const, theme: { primary: '#000', radius: 3 }, origins: ['a'] };

  it('takes any part and null, fills in no default, and refuses unknown fields at every depth', () => {
    expect(Patch.parse({})).toEqual({});
    const patch = { theme: { radius: null }, data: { a: null, b: { c: null } } };
    expect(Patch.parse(patch)).toEqual(patch);
    expect(Patch.safeParse({ theme: { colour: 'x' } }).success).toBe(false);
    expect(Patch.safeParse({ theme: { primary: 'much too long' } }).success).toBe(false);
    expect(Patch.safeParse({ origins: ['a', 'b', 'c'] }).success).toBe(false);
  });

  it('keeps siblings, removes by null, and restores the default of what was removed', () => {
    const merge = (patch: z.output<typeof Patch>) =>
      applyPatch(Widget, { current, patch, pointer: '/widget' });
    expect(merge({ theme: { primary: '#fff' } })).toEqual({
      ...current,
      theme: { primary: '#fff', radius: 3 },
    });
    expect(merge({ theme: { radius: null } })).toEqual({ ...current, theme: { primary: '#000' } });
    expect(merge({ position: null })).toEqual({ ...current, position: 'right' });
    expect(applyPatch(Widget, { current, patch: null, pointer: '' })).toBeNull();
  });

  it('refuses a merged value that does not fit, and says where', () => {
    const merge = () =>
      applyPatch(Widget, { current, patch: { theme: { primary: null } }, pointer: '/widget' });
    expect(merge).toThrow(ProblemError);
    expect(merge).toThrow(
      expect.objectContaining({
        status: 422,
        code: 'invalid_patch',
        errors: [expect.objectContaining({ pointer: '/widget/theme/primary' })],
      }),
    );
  });
});
