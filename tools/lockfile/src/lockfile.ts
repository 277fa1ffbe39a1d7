/** What this project reads of a package-lock.json of version 3. */
export interface Lockfile {
  packages: Record<string, { engines?: unknown; libc?: unknown } & Record<string, unknown>>;
}

/**
 * Removes what npm versions write differently or warn about, so that every `npm install` leaves the lockfile as it is:
 * `engines` of packages (they run under the project's own Node, not under the one that installs) and `libc` (npm 10 drops it).
 * @returns the paths of the packages that were changed
 */
export function normalizeLockfile(lockfile: Lockfile): string[] {
  const changed = Object.entries(lockfile.packages).filter(
    ([path, entry]) => path.startsWith('node_modules/') && ('engines' in entry || 'libc' in entry),
  );
  for (const [, entry] of changed) {
    delete entry.engines;
    delete entry.libc;
  }
  return changed.map(([path]) => path);
}
