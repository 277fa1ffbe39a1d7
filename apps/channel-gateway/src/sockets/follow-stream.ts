import { type JsMsg, LogReader, type NatsConnection } from '@parley/messaging';
import type { Logger } from '@parley/service';

/** What happens in a stream from now on, through reconnects, until the signal aborts. */
export async function followStream(
  parts: { nats: NatsConnection; logger: Logger },
  source: { stream: string; subjects: string[]; signal: AbortSignal },
  on: { message(message: JsMsg): void; opened?(): void },
): Promise<void> {
  let from: number | null = null;
  while (!source.signal.aborted) {
    const reader: LogReader = new LogReader(parts.nats, { ...source, from });
    try {
      await reader.open();
      // Before the first message nothing says where the reader stood: followers look at the history again.
      if (from === null) on.opened?.();
      while (!source.signal.aborted) {
        const messages: JsMsg[] = await reader.take(256, 1000);
        for (const message of messages) {
          from = message.seq + 1;
          on.message(message);
        }
      }
    } catch (error) {
      parts.logger.warn({ err: error, stream: source.stream }, 'A feed is opened again');
      reader.close();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
