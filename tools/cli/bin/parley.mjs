#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workspaceNode } from '../../workspace-node.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const args = [
  '--conditions=source',
  '--no-warnings',
  `${root}tools/cli/src/main.ts`,
  ...process.argv.slice(2),
];
const { status } = spawnSync(workspaceNode() ?? process.execPath, args, { stdio: 'inherit' });
process.exit(status ?? 1);
