import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from './postgres.ts';
import { isReachable, reachableData, reachablePrograms } from './unprivileged-user.ts';

const isRoot = process.getuid?.() === 0;

(isRoot ? describe : describe.skip)(
  'PostgreSQL under root, in a folder that is closed to other users',
  () => {
    const closed = mkdtempSync(join(tmpdir(), 'parley-closed-'));
    const programs = join(closed, 'native');
    let copy: string | null = null;

    afterAll(() => {
      for (const path of [closed, copy]) if (path) rmSync(path, { recursive: true, force: true });
    });

    it('keeps its data where its user can reach them, closed to everybody else, and finds them again', async () => {
      expect(statSync(closed).mode & 0o777).toBe(0o700);
      expect(isReachable(closed)).toBe(false);
      const first = await startPostgres({ dataDir: join(closed, 'postgres') });
      try {
        expect(first.dataDir).toMatch(/^\/var\/lib\/parley\/postgres-/);
        const { mode, uid } = statSync(first.dataDir);
        expect([mode & 0o777, uid]).toEqual([0o700, 65_534]);
        expect(statSync(join(closed, 'postgres.password')).mode & 0o777).toBe(0o600);
        await first.stop();
        const again = await startPostgres({ dataDir: join(closed, 'postgres') });
        await again.stop();
        expect(again.dataDir).toBe(first.dataDir);
      } finally {
        rmSync(first.dataDir, { recursive: true, force: true });
      }
    });

    it('runs a copy of programs that its user cannot reach', () => {
      spawnSync('mkdir', ['-p', join(programs, 'bin')]);
      writeFileSync(join(programs, 'bin/postgres'), '#!/bin/sh\n', { mode: 0o700 });
      copy = reachablePrograms(programs);
      const nobody = { uid: 65_534, gid: 65_534 };
      expect(spawnSync(join(copy, 'bin/postgres'), [], { cwd: '/', ...nobody }).status).toBe(0);
      expect(reachablePrograms(programs)).toBe(copy);
      expect(existsSync(`${copy}.${process.pid}`)).toBe(false);
    });

    it('leaves a folder alone that its user can reach', () => {
      expect(reachableData('/tmp/parley-data')).toBe('/tmp/parley-data');
      expect(reachablePrograms('/usr/lib')).toBe('/usr/lib');
    });
  },
);

describe('startPostgres', () => {
  it('says why its data folder could not be made, whatever went wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-broken-'));
    writeFileSync(join(folder, 'file'), '');
    try {
      const failed = startPostgres({ dataDir: join(folder, 'file/postgres') });
      await expect(failed).rejects.toThrow(/file/);
      await expect(failed).rejects.not.toThrow(/undefined/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
