import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Outcome } from './f1.ts';
import { HttpLoad } from './http-load.ts';
import type { Installation } from './installation.ts';
import { makeShots } from './shots.ts';
import { openDoor } from './sides.ts';

const GOAL_SECONDS = 12;
const PATIENCE_MS = 60_000;

/** F14: from the start command of what is installed and built until a channel's callback has the first answer. */
export async function measureStart(installation: Installation): Promise<Outcome> {
  let heard: () => void = () => undefined;
  const first = new Promise<void>((resolve, reject) => {
    heard = resolve;
    setTimeout(() => reject(new Error('No answer came.')), PATIENCE_MS).unref();
  });
  const callback = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      response.writeHead(204).end();
      if (text.includes('"inReplyTo":"')) heard();
    });
  });
  await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
  const callbackUrl = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/`;
  try {
    const door = await openDoor(installation, {
      callbackUrl,
      target: { agentId: installation.demo.agentId },
    });
    await installation.stop();
    const began = performance.now();
    await installation.start();
    const ready = (performance.now() - began) / 1000;
    const load = new HttpLoad(installation.port, 1);
    await load.closed(makeShots(door, 1, 1));
    await first;
    load.close();
    const delivered = (performance.now() - began) / 1000;
    return {
      rows: [
        {
          figure: 'F14 start command to first delivered answer',
          floor: '-',
          ours: `${delivered.toFixed(1)} s`,
          ratio: '-',
          goal: `<= ${GOAL_SECONDS} s`,
          met: delivered <= GOAL_SECONDS ? 'yes' : 'no',
        },
      ],
      refused: null,
      raw: { ready, delivered },
    };
  } finally {
    callback.closeAllConnections();
    callback.close();
  }
}
