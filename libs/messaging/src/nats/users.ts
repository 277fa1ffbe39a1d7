import { deadLetterStream, domainOwners, type Domain, domains, streamName } from '@parley/contracts';
import { inboxPrefix, operationsUser } from './connection.ts';
import { type OutsideSpace, outsideAccount, streamExports } from './outside.ts';
import { positionBucket } from './positions.ts';
import { channelBucket } from './streams.ts';

/** The account that holds streams and buckets; who reads them has a user here. */
export const streamsAccount = 'STREAMS';

/** The account of operations, live news, calls, wakes and health: no delivery of a stream reaches it. */
export const operationsAccount = 'OPERATIONS';

/** Who may do what: one user a service, one that trims streams, one for set-up and operators. */
export interface NatsUser {
  user: string;
  password: string;
  /** The domain the user's service owns; the operator, who may do everything, and the trimmer have none. */
  domain?: Domain;
  /** May remove the oldest messages of streams, and nothing else. */
  isTrimmer?: boolean;
}

/** Operations that a service may ask of others; the gateway asks what callers ask. */
const callableOperations: Partial<Record<Domain, readonly string[]>> = {
  asset: ['conversation.find_hidden', 'conversation.find_visible'],
  channel: ['>'],
  conversation: [
    'asset.attach',
    'asset.find_visible',
    'channel.get',
    'flow.get_agent',
    'identity.find_account',
    'identity.get_space',
  ],
  flow: ['channel.list_targeting', 'conversation.find_hidden'],
  identity: ['notification.send_account_mail'],
  notification: [
    'conversation.get',
    'conversation.get_room',
    'conversation.list_messages',
    'conversation.list_receipts',
  ],
  telephony: [
    'asset.complete_storage',
    'asset.delete',
    'channel.cancel_dial',
    'channel.dial_call',
    'channel.find_target',
    'channel.get',
    'conversation.open_for_channel',
    'flow.get_call_profile',
    'identity.get_space',
  ],
  voice: [
    'asset.begin_storage',
    'asset.complete_storage',
    'asset.sign_parts',
    'channel.admit_flow_session',
    'channel.admit_media_stream',
    'conversation.open_for_channel',
    'flow.get_call_profile',
    'telephony.answer_call',
    'telephony.begin_recording',
    'telephony.end_call',
    'telephony.fail_recording',
    'telephony.finish_recording',
    'telephony.miss_call',
    'telephony.receive_dtmf',
    'telephony.start_call',
  ],
};

/** Subjects that a user may publish to and subscribe to. */
export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** What the live news of conversations and calls are for. */
const livePublishers: readonly Domain[] = ['channel', 'conversation', 'flow'];
const liveSubscribers: readonly Domain[] = ['channel', 'voice'];
const callBusDomains: readonly Domain[] = ['telephony', 'voice'];

/** Channels with their sealed credentials are read by those two that speak to providers. */
const channelReaders: readonly Domain[] = ['channel', 'telephony'];

/** A domain's further processes, which answer for their health by their own names. */
const additionalProcesses: Partial<Record<Domain, readonly string[]>> = { voice: ['audio-bridge'] };

/** Reading a stream: what it is, single messages, and consumers, which end by `inactive_threshold`. */
function readingSubjects(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
  ];
}

/** What a service may do in the account of streams: append to its own, read all, tell its positions. */
export function streamPermissions(domain: Domain): Permissions {
  const service = domainOwners[domain];
  const read = [...domains.map(streamName), deadLetterStream, `KV_${positionBucket}`];
  if (channelReaders.includes(domain)) read.push(`KV_${channelBucket}`);
  const publish = [
    `${domain}.>`,
    `dead_letter.${service}.>`,
    '$JS.API.INFO',
    `$KV.${positionBucket}.*.${service}.>`,
    ...(domain === 'channel' ? [`$KV.${channelBucket}.>`] : []),
    ...read.flatMap(readingSubjects),
    '$JS.ACK.>',
    '$JS.FC.>',
  ];
  return { publish, subscribe: [`${inboxPrefix(service)}.>`] };
}

/** What a service may do in the account of operations: ask what it needs, answer its own, speak to its own processes. */
export function operationPermissions(domain: Domain): Permissions {
  const service = domainOwners[domain];
  const processes = [service, ...(additionalProcesses[domain] ?? [])];
  const publish = [
    `wake.${service}.>`,
    ...(callableOperations[domain] ?? []).map((name) => `operation.${name}`),
    ...(livePublishers.includes(domain) ? ['live.>'] : []),
    ...(callBusDomains.includes(domain) ? ['call.>'] : []),
    ...(domain === 'channel' ? ['health.>'] : []),
  ];
  const subscribe = [
    `${inboxPrefix(service)}.>`,
    `operation.${domain}.>`,
    `wake.${service}.>`,
    ...processes.map((name) => `health.${name}`),
    ...(liveSubscribers.includes(domain) ? ['live.>'] : []),
    ...(callBusDomains.includes(domain) ? ['call.>'] : []),
  ];
  return { publish, subscribe };
}

/** The one user that may purge, and only the streams of events: it reads how far consumers are, and no event. */
export function trimmerPermissions(user: string): Permissions {
  const streams = domains.map(streamName);
  const positions = `KV_${positionBucket}`;
  const publish = [
    '$JS.API.INFO',
    ...[...streams, deadLetterStream, positions].map((stream) => `$JS.API.STREAM.INFO.${stream}`),
    ...streams.map((stream) => `$JS.API.STREAM.PURGE.${stream}`),
    `$JS.API.DIRECT.GET.${positions}.>`,
  ];
  return { publish, subscribe: [`${inboxPrefix(user)}.>`] };
}

/** What a nats-server is started with. */
export interface NatsServerOptions {
  users: readonly NatsUser[];
  storeDir: string;
  port: number;
  host?: string;
  monitorPort?: number;
  /** File with the accounts of outside consumers, beside the configuration; see `outsideConfig`. */
  outsideFile?: string;
}

/** A configuration of nats-server: every acknowledged message is on disk, each service has a user in both accounts. */
export function natsServerConfig(options: NatsServerOptions): string {
  const { users, outsideFile } = options;
  const lines = [
    `host: ${quote(options.host ?? '127.0.0.1')}`,
    `port: ${options.port}`,
    ...(options.monitorPort === undefined ? [] : [`http: ${quote(`127.0.0.1:${options.monitorPort}`)}`]),
    'max_payload: 8MB',
    'write_deadline: "5s"',
    'lame_duck_duration: "30s"',
    'lame_duck_grace_period: "1s"',
    'jetstream {',
    `  store_dir: ${quote(options.storeDir)}`,
    '  sync_interval: always',
    '}',
    'authorization { timeout: 5 }',
    'accounts {',
    `  ${streamsAccount} {`,
    '    jetstream: enabled',
    '    users: [',
    ...users.map((user) => userLine(user.user, user.password, streamPermissionsOf(user))),
    '    ]',
    '    exports: [',
    ...streamExports().map((line) => `      ${line}`),
    '    ]',
    '  }',
    `  ${operationsAccount} {`,
    '    users: [',
    ...users
      .filter(({ isTrimmer }) => !isTrimmer)
      .map((user) => userLine(operationsUser(user.user), user.password, operationPermissionsOf(user))),
    '    ]',
    '  }',
    ...(outsideFile === undefined ? [] : [`  include ${quote(outsideFile)}`]),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** The accounts of outside consumers, to be included in the configuration: one for each space. */
export function outsideConfig(spaces: readonly OutsideSpace[], operatorPassword: string): string {
  return `${spaces.flatMap((space) => outsideAccount(space, operatorPassword)).join('\n')}\n`;
}

function streamPermissionsOf({ user, domain, isTrimmer }: NatsUser): Permissions | undefined {
  if (isTrimmer) return trimmerPermissions(user);
  return domain && streamPermissions(domain);
}

function operationPermissionsOf({ domain }: NatsUser): Permissions | undefined {
  return domain && operationPermissions(domain);
}

function userLine(user: string, password: string, permissions: Permissions | undefined): string {
  const login = `user: ${quote(user)}, password: ${quote(password)}`;
  if (!permissions) return `      { ${login} }`;
  const { publish, subscribe } = permissions;
  return `      { ${login}, permissions: { publish: { allow: [${publish.map(quote).join(', ')}] }, subscribe: { allow: [${subscribe.map(quote).join(', ')}] }, allow_responses: { max: 1, expires: "30s" } } }`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
