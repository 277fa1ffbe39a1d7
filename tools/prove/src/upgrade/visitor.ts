import WebSocket from 'ws';

const PATIENCE_MS = 30_000;

interface Frame {
  type: string;
  name?: string;
  conversationId?: string;
  message?: { id: string; conversationId: string };
  data?: { message?: { replyTo: string | null } };
  detail?: string;
}

/**
 * Posts as a visitor's page does and waits for the answer.
 * @returns the conversation that the message went into
 */
export function askAsVisitor(baseUrl: string, token: string, text: string): Promise<string> {
  const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/ws/realtime`, { origin: baseUrl });
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  let posted: { id: string; conversationId: string } | undefined;
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The visitor got no answer.')), PATIENCE_MS);
    socket.once('open', () => send({ type: 'authenticate', token }));
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`The visitor's socket was closed with ${code}.`)));
    socket.on('message', (raw: Buffer) => {
      const frame = JSON.parse(raw.toString()) as Frame;
      if (frame.type === 'ready')
        send({ type: 'post', id: `upgrade-${Date.now()}`, parts: [{ type: 'text', text }] });
      else if (frame.type === 'error') reject(new Error(`The visitor was refused: ${frame.detail}`));
      else if (frame.type === 'posted' && frame.message) {
        posted = frame.message;
        send({ type: 'subscribe', conversationId: posted.conversationId, afterSequence: 0 });
      } else if (posted && frame.data?.message?.replyTo === posted.id) {
        clearTimeout(timer);
        resolve(posted.conversationId);
      }
    });
  }).finally(() => {
    socket.removeAllListeners('close');
    socket.terminate();
  });
}
