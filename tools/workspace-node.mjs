import { existsSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
const link = `${modules}.bin/node`;
const target = `node-${process.platform}-${process.arch}/bin/node`;

/**
 * Path of the project's own Node; null before `npm install`. npm 10 removes its link together with the packages of other
 * platforms, which have one of the same name: then it is made again, so that every tool finds it.
 */
export function workspaceNode() {
  if (existsSync(link)) return link;
  if (!existsSync(`${modules}${target}`)) return null;
  try {
    symlinkSync(`../${target}`, link);
    return link;
  } catch {
    // The folder may belong to another user.
    return `${modules}${target}`;
  }
}
