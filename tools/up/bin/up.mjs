import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const NPM_WATCH_MS = 1000;

if (!workspaceNode() || !existsSync(`${root}node_modules/@parley/contracts`)) {
  console.log('Installing packages (npm install)');
  const { status } = spawnSync('npm', ['install'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// Goes on under the project's own Node; signals reach it through the shared terminal or are handed on.
const child = spawn(
  workspaceNode() ?? process.execPath,
  ['--conditions=source', '--no-warnings', `${root}tools/up/src/main.ts`, ...process.argv.slice(2)],
  { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));

// npm that was killed cannot hand a signal on.
const npm = process.env.npm_lifecycle_event === 'up' ? npmProcesses() : [];
if (npm.length > 0)
  setInterval(() => {
    if (npm.some(({ pid, startedAt }) => processOf(pid)?.startedAt !== startedAt)) child.kill('SIGTERM');
  }, NPM_WATCH_MS).unref();

/** npm, and the shell between npm and this process where there is one. */
function npmProcesses() {
  const parent = processOf(process.ppid);
  if (!parent) return [];
  if (parent.name.includes('npm')) return [parent];
  const above = processOf(parent.parent);
  return above?.name.includes('npm') ? [parent, above] : [];
}

/** A process that runs; null where it has ended. */
function processOf(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const name = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return fields[0] === 'Z' ? null : { pid, name, parent: Number(fields[1]), startedAt: fields[19] };
    }
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,lstart=,command=', '-p', String(pid)], {
      encoding: 'utf8',
    });
    const [, ppid, startedAt, name] = /^\s*(\d+)\s+(\S+ \S+ +\S+ \S+ \S+)\s+(.*)/.exec(stdout) ?? [];
    return ppid ? { pid, name, parent: Number(ppid), startedAt } : null;
  } catch {
    return null;
  }
}
