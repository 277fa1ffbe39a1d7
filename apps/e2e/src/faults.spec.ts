import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from '@parley/testing';
import { home, readDemo } from './demo.ts';

const program = fileURLToPath(new URL('../../../tools/prove/bin/prove.mjs', import.meta.url));

describe('Kills of every part', () => {
  const { baseUrl } = readDemo();

  afterEach(() =>
    until(
      'everything is ready again',
      async () => (await fetch(`${baseUrl}/readyz?all=1`).catch(() => null))?.ok,
      30_000,
    ),
  );

  it.each(['webhooks', 'visitors'])(
    'lose, double and reorder nothing over %s',
    async (kind) => {
      const { NODE_OPTIONS: _options, ...env } = process.env;
      const child = spawn('node', [program, '--profile', 'smoke', '--home', home(), kind], { env });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => void (printed += String(chunk)));
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      expect([code, printed]).toEqual([0, expect.stringContaining('Nothing was lost')]);
    },
    120_000,
  );
});
