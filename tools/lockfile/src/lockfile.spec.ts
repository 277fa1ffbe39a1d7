import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Lockfile, normalizeLockfile } from './lockfile.ts';

describe('normalizeLockfile', () => {
  it('removes engines and libc of packages, and leaves the project and everything else as it is', () => {
    const lockfile: Lockfile = {
      packages: {
        '': { name: 'parley', engines: { node: '>=20' } },
        'node_modules/a': { version: '1.0.0', engines: { node: '>=22' }, libc: ['musl'] },
        'node_modules/b': { version: '2.0.0' },
      },
    };
    expect(normalizeLockfile(lockfile)).toEqual(['node_modules/a']);
    expect(lockfile.packages).toEqual({
      '': { name: 'parley', engines: { node: '>=20' } },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0' },
    });
  });

  it('has nothing to do in the committed lockfile; otherwise run "npm run lockfile"', () => {
    const path = fileURLToPath(new URL('../../../package-lock.json', import.meta.url));
    expect(normalizeLockfile(JSON.parse(readFileSync(path, 'utf8')) as Lockfile)).toEqual([]);
  });
});
