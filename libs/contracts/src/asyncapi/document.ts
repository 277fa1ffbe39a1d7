import { z } from 'zod';
import { domainOf } from '../core/operation.ts';
import { streamName } from '../core/wire.ts';
import { describeFields } from '../openapi/field-descriptions.ts';
import { mergeJsonValues } from '../openapi/json-values.ts';
import { pascalCase } from '../openapi/named-schemas.ts';
import { allEvents } from '../registry.ts';
import { FlowClientFrameSchema, FlowServerFrameSchema, flowAudioRates } from '../flow-sockets.ts';
import { ClientFrameSchema, LiveMessageSchema, ServerFrameSchema } from '../sockets.ts';
import { Payloads } from './payloads.ts';

type Json = Record<string, unknown>;

/** An AsyncAPI 3 document as JSON. */
export interface AsyncApiDocument extends Json {
  channels: Record<string, Json>;
  operations: Record<string, Json>;
  components: { messages: Record<string, Json>; schemas: Json };
}

/** One text frame of a socket: who sends it, its name and its schema. */
interface SocketFrame {
  from: 'client' | 'server';
  /** Unique in its socket; the type, with what sets variants of one type apart. */
  name: string;
  type: string;
  schema: z.ZodObject;
}

/** A socket of the gateway. */
interface Socket {
  /** Name of its channel. */
  id: string;
  address: string;
  description: string;
  /** Before the names of its messages. */
  prefix: string;
  client: readonly z.ZodObject[];
  server: readonly z.ZodObject[];
  /** What binary frames carry, where there are any. */
  sound?: Record<SocketFrame['from'], string>;
  parameters?: Json;
}

const pcm = (rate: number): string => `PCM, signed 16-bit little-endian, mono, ${rate} Hz`;

const sockets: readonly Socket[] = [
  {
    id: 'realtime',
    address: '/ws/realtime',
    description:
      'JSON text frames. The client first sends `authenticate`. With `afterSequence`, missed events come first, in order, then new events, without gaps and duplicates.',
    prefix: '',
    client: ClientFrameSchema.options,
    server: ServerFrameSchema.options,
  },
  {
    id: 'flow',
    address: '/ws/flow/{flowId}',
    description:
      'Speech and text with one flow, for your own page. The origin or the token of a session address authorizes it. Text frames are JSON, binary frames are audio. A session with text only starts no call.',
    prefix: 'Flow',
    client: FlowClientFrameSchema.options,
    server: FlowServerFrameSchema.options,
    sound: { client: pcm(flowAudioRates.fromClient), server: pcm(flowAudioRates.toClient) },
    parameters: { flowId: { description: 'Id of the flow; for an agent, of the flow that it runs' } },
  },
];

function framesOf({ client, server }: Socket): SocketFrame[] {
  return [
    ...client.map((schema) => frameOf('client', schema)),
    ...server.map((schema) => frameOf('server', schema)),
  ];
}

function frameOf(from: SocketFrame['from'], schema: z.ZodObject): SocketFrame {
  const type = String((schema.shape['type'] as z.ZodLiteral).value);
  const subject = ['conversationId', 'spaceId', 'inbox'].find((key) => key in schema.shape);
  const varies = from === 'client' && type.endsWith('subscribe');
  return { from, type, schema, name: varies ? `${type}_${subject ?? ''}` : type };
}

/** Describes every event and socket message as AsyncAPI 3, from their declarations. */
export function asyncApiDocument(): AsyncApiDocument {
  const payloads = new Payloads();
  const messages: Record<string, Json> = {};
  const channels: Record<string, Json> = {};
  const operations: Record<string, Json> = {};
  addEvents(payloads, { messages, channels, operations });
  for (const socket of sockets) addSocket(payloads, { messages, channels, operations }, socket);
  addLive(payloads, { messages, channels, operations });
  const document = mergeJsonValues({
    asyncapi: '3.0.0',
    info: {
      title: 'Parley events and sockets',
      version: '1.0.0',
      description:
        'Events in JetStream with CloudEvents 1.0 headers, live messages in core NATS, and the protocols of the sockets /ws/realtime and /ws/flow. Events only gain fields: ignore fields that you do not know.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      nats: { host: 'localhost:4222', protocol: 'nats', description: 'NATS with JetStream' },
      sockets: { host: 'localhost:8080', protocol: 'ws', description: 'The gateway' },
    },
    channels,
    operations,
    components: {
      messages,
      schemas: { EventHeaders: cloudEventHeaders, ...payloads.schemas },
    },
  });
  for (const [name, schema] of Object.entries(document.components.schemas)) describeFields(schema, name);
  return document;
}

interface Parts {
  messages: Record<string, Json>;
  channels: Record<string, Json>;
  operations: Record<string, Json>;
}

const text = (description: string) => ({ type: 'string', description });
const cloudEventHeaders = {
  type: 'object',
  required: ['ce-specversion', 'ce-id', 'ce-type', 'ce-source', 'ce-time'],
  properties: {
    'ce-specversion': { type: 'string', const: '1.0' },
    'ce-id': text('`evt_…`, the same on every repeat: skip events that you have processed'),
    'ce-type': text('Name of the event'),
    'ce-source': text('The service that published it'),
    'ce-time': { type: 'string', format: 'date-time', description: 'When it happened' },
    'ce-dataschema': text('URL of the schema of the data'),
    'parley-key': text('Entity that orders the events'),
    'parley-sequence': text('Number within the conversation, without gaps; absent for other events'),
    'Nats-Msg-Id': text('Equal to ce-id; JetStream drops repeats by it'),
    traceparent: text('W3C trace context'),
  },
};

const parameters = {
  spaceId: { description: 'Id of the space, or `_` for account-wide events' },
  key: { description: 'Entity that orders the events' },
  partition: { description: 'Partition number, appended by the stream' },
};

function addEvents(payloads: Payloads, { messages, channels, operations }: Parts): void {
  for (const event of allEvents) {
    const name = pascalCase(event.name);
    messages[name] = {
      name: event.name,
      title: event.name,
      summary: event.summary,
      contentType: 'application/json',
      headers: { $ref: '#/components/schemas/EventHeaders' },
      payload: payloads.add(`${name}Data`, event.data),
    };
    channels[event.name] = {
      address: `${event.name}.{spaceId}.{key}.{partition}`,
      title: event.name,
      summary: event.summary,
      description: `In the stream ${streamName(domainOf(event.name))}. Filter with \`${event.name}.>\`.`,
      servers: [{ $ref: '#/servers/nats' }],
      parameters,
      messages: { [name]: { $ref: `#/components/messages/${name}` } },
    };
    operations[`publish_${event.name.replaceAll('.', '_')}`] = operation('send', event.name, [name]);
  }
}

function addSocket(payloads: Payloads, { messages, channels, operations }: Parts, socket: Socket): void {
  const { id, address, description, prefix, sound, parameters: placed } = socket;
  const names: Record<SocketFrame['from'], string[]> = { client: [], server: [] };
  for (const frame of framesOf(socket)) {
    const name = `${prefix}${pascalCase(frame.from)}${pascalCase(frame.name)}Frame`;
    names[frame.from].push(name);
    messages[name] = {
      name: frame.type,
      title: `${frame.from}: ${frame.name}`,
      contentType: 'application/json',
      payload: payloads.add(name, frame.schema, frame.from === 'client' ? 'input' : 'output'),
    };
  }
  for (const from of ['client', 'server'] as const) {
    if (!sound) break;
    const name = `${prefix}${pascalCase(from)}Sound`;
    names[from].push(name);
    messages[name] = {
      name: 'audio',
      title: `${from}: audio`,
      summary: `A binary frame: ${sound[from]}`,
      contentType: 'application/octet-stream',
      payload: { type: 'string', format: 'binary', description: sound[from] },
    };
  }
  channels[id] = {
    address,
    title: address,
    description,
    servers: [{ $ref: '#/servers/sockets' }],
    ...(placed ? { parameters: placed } : {}),
    messages: Object.fromEntries(
      [...names.client, ...names.server].map((name) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
  };
  operations[`receive_${id}_frames`] = operation('receive', id, names.client);
  operations[`send_${id}_frames`] = operation('send', id, names.server);
}

function addLive(payloads: Payloads, { messages, channels, operations }: Parts): void {
  messages['LiveNews'] = {
    name: 'live',
    title: 'Live message',
    summary: 'Typing, and parts of an answer while it is written; can be lost',
    contentType: 'application/json',
    payload: payloads.add('LiveNews', LiveMessageSchema),
  };
  channels['live'] = {
    address: 'live.{spaceId}.{conversationId}',
    title: 'live',
    description: 'Core NATS, not stored: a reader that misses a part uses the event.',
    servers: [{ $ref: '#/servers/nats' }],
    parameters: {
      spaceId: { description: 'The space' },
      conversationId: { description: 'The conversation' },
    },
    messages: { LiveNews: { $ref: '#/components/messages/LiveNews' } },
  };
  operations['publish_live'] = operation('send', 'live', ['LiveNews']);
}

function operation(action: 'send' | 'receive', channel: string, names: string[]): Json {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  };
}
