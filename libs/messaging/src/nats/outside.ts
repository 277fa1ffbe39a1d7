import { setTimeout as sleep } from 'node:timers/promises';
import { DiscardPolicy, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type NatsConnection, nkeys } from '@nats-io/transport-node';
import { domains, streamName } from '@parley/contracts';

/** The one stream of an outside consumer's account. */
export const outsideStream = 'EVENTS';

/** Prefix of the streams' interface inside an outside consumer's account. */
export const outsideApi = 'SOURCE.API';

const DELIVERY = 'outside';

/** A user of an outside consumer: the public half of an NKey; the seed is the credential. */
export interface OutsideUser {
  name: string;
  /** Starts with `U`. */
  publicKey: string;
  createdAt: string;
}

/** A space whose events are consumed from outside. */
export interface OutsideSpace {
  spaceId: string;
  users: OutsideUser[];
}

/** Name of a space's account on the server. */
export function outsideAccountName(spaceId: string): string {
  return `OUTSIDE_${spaceId}`;
}

/** The user that makes the stream in a space's account; it has the operator's password. */
export function outsideOperator(spaceId: string): string {
  return `operator-${spaceId}`;
}

/** Where the streams deliver what a space's account sources. */
export function deliverySubject(spaceId: string): string {
  return `${DELIVERY}.${spaceId}`;
}

/** What of the streams an outside account may import; each imports the part of its own space alone. */
export function streamExports(): string[] {
  return [
    '{ service: "$JS.API.CONSUMER.CREATE.*.*.*.*.*.>" }',
    '{ service: "$JS.FC.>" }',
    `{ stream: "${DELIVERY}.>" }`,
  ];
}

/**
 * The account of one space: it can source the events of this space and nothing else of the streams, because the filter
 * is part of the subject that it imports. Its users read the one stream and cannot publish events.
 */
export function outsideAccount({ spaceId, users }: OutsideSpace, operatorPassword: string): string[] {
  const imports = domains.flatMap((domain) => {
    const stream = streamName(domain);
    const create = `CONSUMER.CREATE.${stream}.*.${domain}.*.${spaceId}.>`;
    return [
      `{ service: { account: STREAMS, subject: "$JS.API.${create}" }, to: "${outsideApi}.${create}" }`,
      `{ service: { account: STREAMS, subject: "$JS.FC.${stream}.>" } }`,
    ];
  });
  imports.push(`{ stream: { account: STREAMS, subject: "${deliverySubject(spaceId)}.>" } }`);
  const operator = `{ user: "${outsideOperator(spaceId)}", password: ${operatorPassword} }`;
  return [
    `  "${outsideAccountName(spaceId)}" {`,
    '    jetstream { max_mem: 1MB, max_file: 1GB, max_streams: 1, max_consumers: 100 }',
    `    users: [ ${[operator, ...users.map(userEntry)].join(', ')} ]`,
    '    imports: [',
    ...imports.map((line) => `      ${line}`),
    '    ]',
    '  }',
  ];
}

function userEntry({ publicKey }: OutsideUser): string {
  const api = [
    `STREAM.INFO.${outsideStream}`,
    `STREAM.MSG.GET.${outsideStream}`,
    `DIRECT.GET.${outsideStream}`,
    `DIRECT.GET.${outsideStream}.>`,
    `CONSUMER.CREATE.${outsideStream}`,
    `CONSUMER.CREATE.${outsideStream}.>`,
    `CONSUMER.DURABLE.CREATE.${outsideStream}.>`,
    `CONSUMER.INFO.${outsideStream}.>`,
    `CONSUMER.LIST.${outsideStream}`,
    `CONSUMER.NAMES.${outsideStream}`,
    `CONSUMER.DELETE.${outsideStream}.>`,
    `CONSUMER.MSG.NEXT.${outsideStream}.>`,
  ].map((subject) => `"$JS.API.${subject}"`);
  const publish = ['"$JS.API.INFO"', '"$JS.API.STREAM.NAMES"', '"$JS.API.STREAM.LIST"', ...api];
  publish.push(`"$JS.ACK.${outsideStream}.>"`, `"$JS.FC.${outsideStream}.>"`);
  const permissions = `publish: { allow: [${publish.join(', ')}] }, subscribe: { allow: ["_INBOX.>"] }`;
  return `{ nkey: ${publicKey}, permissions: { ${permissions} } }`;
}

const DAY_NS = 24 * 3600 * 1_000_000_000;

/**
 * Makes the stream of a space's account, or brings it up to date; it begins with what the streams still hold.
 * @param nats connected as `outsideOperator`
 */
export async function ensureOutsideStream(nats: NatsConnection, spaceId: string): Promise<void> {
  const manager = await jetstreamManager(nats, { timeout: 5000 });
  const config = {
    name: outsideStream,
    description: `Events of ${spaceId}`,
    subjects: [],
    sources: domains.map((domain) => ({
      name: streamName(domain),
      filter_subject: `${domain}.*.${spaceId}.>`,
      external: { api: outsideApi, deliver: deliverySubject(spaceId) },
    })),
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: 7 * DAY_NS,
    max_bytes: 256 * 1024 ** 2,
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
  };
  const exists = await manager.streams.info(outsideStream).then(
    () => true,
    () => false,
  );
  await (exists ? manager.streams.update(outsideStream, config) : manager.streams.add(config));
}

/** Draws a credential: the seed is shown once to the consumer, the server is given the public key. */
export function generateOutsideKey(): { seed: string; publicKey: string } {
  const pair = nkeys.createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}

const RELOAD_MS = 500;

/**
 * Has a server that runs read its configuration again. Twice: nats-server 2.15 makes a new account with the first
 * reload and its imports with the next.
 */
export async function reloadAccounts(signalServer: () => void): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    signalServer();
    await sleep(RELOAD_MS);
  }
}
