import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from './ports.ts';

describe('A free port', () => {
  it('is none that a connection may be given, and can be listened on by TCP and UDP', async () => {
    for (let round = 0; round < 20; round += 1) {
      const port = await freePort();
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(32_768);
      const server = createServer().listen(port, '127.0.0.1');
      const socket = createSocket('udp4').bind(port, '127.0.0.1');
      await Promise.all([once(server, 'listening'), once(socket, 'listening')]);
      server.close();
      socket.close();
    }
  });
});
