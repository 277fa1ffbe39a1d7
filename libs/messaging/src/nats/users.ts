import { deadLetterStream, domainOwners, type Domain, domains, streamName } from '@parley/contracts';
import { inboxPrefix } from './connection.ts';
import { positionBucket } from './positions.ts';
import { channelBucket } from './streams.ts';

/** Who may do what: one user a service, one for set-up and operators. */
export interface NatsUser {
  user: string;
  password: string;
  /** The domain the user's service owns; none for the operator, who may do everything. */
  domain?: Domain;
}

/** Operations that a service may ask of others; the gateway asks what callers ask. */
const asks: Partial<Record<Domain, readonly string[]>> = {
  asset: ['conversation.find_visible'],
  channel: ['>'],
  conversation: [
    'asset.attach',
    'asset.find_visible',
    'channel.get',
    'flow.get_agent',
    'identity.find_account',
    'identity.get_space',
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
    'telephony.receive_dtmf',
    'telephony.start_call',
  ],
};

interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** What a service may publish and listen to: its own facts, its own inbox, the streams' reading side, live news. */
export function permissionsOf(domain: Domain): Permissions {
  const service = domainOwners[domain];
  const inbox = inboxPrefix(service);
  const read = [...domains.map(streamName), deadLetterStream, `KV_${channelBucket}`, `KV_${positionBucket}`];
  const publish = [
    `${domain}.>`,
    `dead_letter.${service}.>`,
    'live.>',
    'call.>',
    'wake.>',
    '$JS.API.INFO',
    `$JS.API.STREAM.PURGE.${streamName(domain)}`,
    `$JS.API.STREAM.PURGE.${deadLetterStream}`,
    `$KV.${positionBucket}.*.${service}.>`,
    ...read.flatMap((stream) => [
      `$JS.API.STREAM.INFO.${stream}`,
      `$JS.API.STREAM.MSG.GET.${stream}`,
      `$JS.API.DIRECT.GET.${stream}`,
      `$JS.API.DIRECT.GET.${stream}.>`,
      `$JS.API.CONSUMER.CREATE.${stream}`,
      `$JS.API.CONSUMER.CREATE.${stream}.>`,
      `$JS.API.CONSUMER.INFO.${stream}.>`,
      `$JS.API.CONSUMER.DELETE.${stream}.>`,
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
    ]),
    '$JS.ACK.>',
    '$JS.FC.>',
  ];
  publish.push(...(asks[domain] ?? []).map((name) => `operation.${name}`));
  if (domain === 'channel') publish.push(`$KV.${channelBucket}.>`, 'health.>');
  const subscribe = [`${inbox}.>`, `operation.${domain}.>`, 'live.>', 'call.>', 'wake.>', 'health.>'];
  return { publish, subscribe };
}

/** What a nats-server is started with. */
export interface NatsServerOptions {
  users: readonly NatsUser[];
  storeDir: string;
  port: number;
  host?: string;
  monitorPort?: number;
}

/** A configuration of nats-server: every acknowledged message is on disk, each service has its own user. */
export function natsServerConfig(options: NatsServerOptions): string {
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
    'authorization {',
    '  timeout: 5',
    '  users: [',
    ...options.users.map(userLine),
    '  ]',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function userLine({ user, password, domain }: NatsUser): string {
  const login = `user: ${quote(user)}, password: ${quote(password)}`;
  if (!domain) return `    { ${login} }`;
  const { publish, subscribe } = permissionsOf(domain);
  return `    { ${login}, permissions: { publish: { allow: [${publish.map(quote).join(', ')}] }, subscribe: { allow: [${subscribe.map(quote).join(', ')}] }, allow_responses: { max: 1, expires: "30s" } } }`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
