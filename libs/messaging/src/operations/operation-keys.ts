import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const KEY_BYTES = 32;
const LABEL = 'parley operation key v1';

const KeySchema = z.base64().refine((text) => Buffer.from(text, 'base64').length === KEY_BYTES, {
  error: '32 bytes in base64',
});
const KeysSchema = z.strictObject({
  service: z.string().min(1),
  /** By owner: the first key signs requests. */
  calls: z.record(z.string(), z.array(KeySchema).min(1)),
  /** By caller: every key is accepted, so that keys can be replaced one service at a time. */
  answers: z.record(z.string(), z.array(KeySchema).min(1)),
});

/** The keys of one service as they are stored: `OPERATION_KEYS`, or the file `OPERATION_KEYS_FILE`. */
export type StoredOperationKeys = z.infer<typeof KeysSchema>;

/**
 * One key per caller and owner: a service can sign for itself and verify requests to itself, and can forge nothing
 * between two others.
 */
export class OperationKeys {
  readonly service: string;
  private readonly calls: ReadonlyMap<string, readonly Buffer[]>;
  private readonly answers: ReadonlyMap<string, readonly Buffer[]>;

  constructor(stored: StoredOperationKeys) {
    this.service = stored.service;
    this.calls = decode(stored.calls);
    this.answers = decode(stored.answers);
  }

  /** @throws Error when the text is not the keys of this service */
  static parse(service: string, text: string): OperationKeys {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new Error('The operation keys are not JSON.');
    }
    const parsed = KeysSchema.safeParse(json);
    if (!parsed.success)
      throw new Error(
        'The operation keys need the fields service, calls and answers, with keys of 32 bytes in base64.',
      );
    if (parsed.data.service !== service)
      throw new Error(`The operation keys belong to ${parsed.data.service}, not to ${service}.`);
    return new OperationKeys(parsed.data);
  }

  /**
   * Reads the file `OPERATION_KEYS_FILE`, else `OPERATION_KEYS`.
   * @throws Error when neither is given or it is not the keys of this service
   */
  static read(
    service: string,
    config: Partial<Record<'OPERATION_KEYS_FILE' | 'OPERATION_KEYS', string | undefined>>,
  ): OperationKeys {
    const { OPERATION_KEYS_FILE: file, OPERATION_KEYS: text } = config;
    if (file !== undefined) return OperationKeys.parse(service, readFileSync(file, 'utf8'));
    if (text !== undefined) return OperationKeys.parse(service, text);
    throw new Error('Neither OPERATION_KEYS_FILE nor OPERATION_KEYS is set.');
  }

  /** The key for requests to an owner. */
  signing(owner: string): Buffer | undefined {
    return this.calls.get(owner)?.[0];
  }

  /** The keys that requests of a caller may be signed with. */
  accepted(caller: string): readonly Buffer[] {
    return this.answers.get(caller) ?? [];
  }
}

/**
 * Derives every pair's key of one service from root keys that no service holds. The first root signs; the others are
 * accepted as well.
 */
export function deriveOperationKeys(
  roots: readonly Buffer[],
  service: string,
  services: readonly string[],
): StoredOperationKeys {
  const pair = (caller: string, owner: string): string[] =>
    roots.map((root) =>
      createHmac('sha256', root)
        .update(JSON.stringify([LABEL, caller, owner]))
        .digest('base64'),
    );
  return {
    service,
    calls: Object.fromEntries(services.map((owner) => [owner, pair(service, owner)])),
    answers: Object.fromEntries(services.map((caller) => [caller, pair(caller, service)])),
  };
}

/** What a signature covers. */
export interface SignedRequest {
  caller: string;
  owner: string;
  operation: string;
  requestId: string;
  deadline: string;
  /** JSON of the principal, as it is sent. */
  principal: string;
  idempotencyKey: string;
  ifMatch: string;
  /** SHA-256 of the body, base64url. */
  bodyHash: string;
}

/** HMAC-SHA-256 over all that decides what a request does. */
export function signRequest(key: Buffer, request: SignedRequest): string {
  const { caller, owner, operation, requestId, deadline } = request;
  const { principal, idempotencyKey, ifMatch, bodyHash } = request;
  const text = JSON.stringify([
    ...['v1', caller, owner, operation, requestId, deadline],
    ...[principal, idempotencyKey, ifMatch, bodyHash],
  ]);
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Whether one of the keys made this signature; compares in constant time. */
export function isSignedBy(keys: readonly Buffer[], request: SignedRequest, signature: string): boolean {
  const given = Buffer.from(signature, 'base64url');
  let found = false;
  for (const key of keys) {
    const wanted = Buffer.from(signRequest(key, request), 'base64url');
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) found = true;
  }
  return found;
}

/** SHA-256 of a body, as a signature covers it. */
export function hashBody(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}

function decode(keys: Record<string, readonly string[]>): Map<string, readonly Buffer[]> {
  return new Map(
    Object.entries(keys).map(([name, texts]) => [name, texts.map((text) => Buffer.from(text, 'base64'))]),
  );
}
