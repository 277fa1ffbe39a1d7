import { type NatsConnection, nuid } from '@nats-io/transport-node';
import type { MsgHdrs } from '@nats-io/transport-node';

/** A message for a stream. */
export interface OutgoingMessage {
  subject: string;
  payload: string;
  /** Made anew for each try: a batch adds its own. */
  headers: () => MsgHdrs;
}

/** What the stream says of a message or batch. */
export interface PublishAck {
  sequence: number;
  /** The stream had this message id already. */
  isDuplicate: boolean;
}

/** The stream said no: nothing of this publish was stored. */
export class PublishRejectedError extends Error {
  readonly code: number;

  constructor(code: number, description: string) {
    super(`The stream refused: ${description} (${code})`);
    this.name = 'PublishRefusedError';
    this.code = code;
  }
}

/** NATS is not connected: nothing was sent, since what is buffered would come out of order later. */
export class NotConnectedError extends Error {
  constructor() {
    super('NATS is not connected');
    this.name = 'NotConnectedError';
  }
}

/** The connection went before the answer came: what was sent may be stored or not. */
export class ConnectionLostError extends Error {
  constructor() {
    super('The connection to NATS was cut before it answered');
    this.name = 'ConnectionCutError';
  }
}

interface AckBody {
  seq?: number;
  duplicate?: boolean;
  count?: number;
  error?: { code?: number; err_code?: number; description?: string };
}

const ACK_TIMEOUT_MS = 1000;

/** Headers of an atomic batch (NATS ADR-50); the client's typed options drop message ids, so they are set here. */
const batchId = 'Nats-Batch-Id';
const batchSequence = 'Nats-Batch-Sequence';
const batchCommit = 'Nats-Batch-Commit';

/** Publishes to streams and waits for their word; never leaves anything in the client's buffer for later. */
export class StreamPublisher {
  private readonly nats: NatsConnection;
  private isConnected = true;
  private needsRoundTrip = false;
  /** Ends what waits for an answer: it cannot come any more. */
  private disconnection = new AbortController();

  constructor(nats: NatsConnection) {
    this.nats = nats;
    void this.watchStatus();
  }

  /** One message, stored once however often it is tried. */
  async publishOne(message: OutgoingMessage): Promise<PublishAck> {
    await this.ensureConnected();
    return this.request(message.subject, message.payload, message.headers());
  }

  /** Two to 1,000 messages: all stored next to one another, or none. */
  async publishBatch(messages: readonly OutgoingMessage[]): Promise<PublishAck> {
    await this.ensureConnected();
    const id = nuid.next();
    const last = messages.at(-1);
    if (!last) throw new RangeError('A batch needs messages.');
    for (const [index, message] of messages.slice(0, -1).entries()) {
      this.nats.publish(message.subject, message.payload, { headers: batchHeaders(message, id, index + 1) });
    }
    const headers = batchHeaders(last, id, messages.length);
    headers.set(batchCommit, '1');
    return this.request(last.subject, last.payload, headers, messages.length);
  }

  private async request(
    subject: string,
    payload: string,
    headers: MsgHdrs,
    count?: number,
  ): Promise<PublishAck> {
    try {
      const reply = await this.orDisconnected(
        this.nats.request(subject, payload, { headers, timeout: ACK_TIMEOUT_MS }),
      );
      const ack = reply.json<AckBody>();
      if (ack.error)
        throw new PublishRejectedError(ack.error.err_code ?? 0, ack.error.description ?? 'no reason given');
      if (ack.seq === undefined || (count !== undefined && ack.count !== count)) {
        throw new PublishRejectedError(
          0,
          `an acknowledgement of ${ack.count ?? 'unknown'} instead of ${count ?? 1} messages`,
        );
      }
      return { sequence: ack.seq, isDuplicate: ack.duplicate ?? false };
    } catch (error) {
      this.needsRoundTrip = !(error instanceof PublishRejectedError);
      throw error;
    }
  }

  private async orDisconnected<Answer>(pending: Promise<Answer>): Promise<Answer> {
    const { signal } = this.disconnection;
    return new Promise((resolve, reject) => {
      const cut = (): void => reject(new ConnectionLostError());
      signal.addEventListener('abort', cut, { once: true });
      void pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut));
    });
  }

  /** After a publish without answer, a round trip shows that the connection stands and all that was sent has arrived. */
  private async ensureConnected(): Promise<void> {
    if (!this.isConnected || this.nats.isClosed()) throw new NotConnectedError();
    if (!this.needsRoundTrip) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new NotConnectedError()), ACK_TIMEOUT_MS);
    });
    try {
      await Promise.race([this.nats.flush(), late]);
    } finally {
      clearTimeout(timer);
    }
    this.needsRoundTrip = false;
  }

  private async watchStatus(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') this.handleDisconnect();
      if (status.type === 'reconnect') this.isConnected = true;
    }
  }

  private handleDisconnect(): void {
    this.isConnected = false;
    this.disconnection.abort();
    this.disconnection = new AbortController();
  }
}

function batchHeaders(message: OutgoingMessage, id: string, sequence: number): MsgHdrs {
  const headers = message.headers();
  headers.set(batchId, id);
  headers.set(batchSequence, String(sequence));
  return headers;
}
