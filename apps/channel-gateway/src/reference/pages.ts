import { asyncApiDocument, type AsyncApiDocument, openApiDocument } from '@parley/contracts/reference';
import { anchor, codeBlock, type Entry, escape, prose, toHtml } from './html.ts';
import { exampleOf, type Schema, schemaHtml, type Schemas, typeHtml } from './schemas.ts';

interface Body {
  content?: Record<string, { schema?: Schema }>;
}
interface Described {
  operationId: string;
  tags: [string];
  summary: string;
  description?: string;
  security?: unknown[];
  parameters?: { $ref?: string; in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: Body;
  responses: Record<string, Body & { $ref?: string; description?: string }>;
}

const groupTitles = {
  identity: 'Accounts and spaces',
  conversation: 'Conversations',
  channel: 'Channels',
  flow: 'Agents, flows and knowledge',
  telephony: 'Calls',
  voice: 'Speech',
  notification: 'Notifications',
  visitor: 'Visitors',
  webhook: 'Webhooks',
  system: 'System',
  realtime: 'Socket /ws/realtime',
  flow_socket: 'Socket /ws/flow',
  live: 'Live news',
  schemas: 'Schemas',
};

/** The page of every operation. */
export function apiPage(): string {
  const document = JSON.parse(JSON.stringify(openApiDocument())) as {
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Schemas };
  };
  const { schemas } = document.components;
  const found = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, one]) => operationEntry(method.toUpperCase(), path, one, schemas)),
  );
  const intro = `<p>Every request carries <code>Authorization: Bearer …</code>: an access token, an API key or a visitor token. Bodies are JSON. Errors are <a href="#schema-Problem">problem details</a> (RFC 9457). Lists take <code>limit</code> and <code>cursor</code>. Every POST save webhooks and visitors’ sessions takes an <code>Idempotency-Key</code>, which makes it safe to repeat.</p>`;
  return toHtml({
    title: 'API reference',
    intro,
    entries: [...inGroups(found), ...schemaEntries(schemas)],
    groupTitles,
  });
}

/** The page of every event and socket message. */
export function eventsPage(): string {
  const document = asyncApiDocument();
  const schemas = document.components.schemas as Schemas;
  const found = Object.entries(document.channels).flatMap(([name, channel]) =>
    Object.keys(channel['messages'] as object).map((message) =>
      messageEntry(name, String(channel['address']), document, message),
    ),
  );
  const intro = `<p>Events are facts on JetStream: subject <code>name.space.key.partition</code>, CloudEvents 1.0 in the <a href="#schema-EventHeaders">headers</a>, JSON in the payload. Filter with <code>conversation.message_posted.&gt;</code>. Events only gain fields: ignore what you do not know.</p>`;
  return toHtml({
    title: 'Event reference',
    intro,
    entries: [...inGroups(found), ...schemaEntries(schemas)],
    groupTitles,
  });
}

function inGroups(entries: Entry[]): Entry[] {
  const order = Object.keys(groupTitles);
  return entries.sort((left, right) => order.indexOf(left.group) - order.indexOf(right.group));
}

function operationEntry(method: string, path: string, one: Described, schemas: Schemas): Entry {
  const body = schemaOf(one.requestBody);
  const html = [
    `<h3>${escape(one.summary)}</h3><p class="path"><span class="badge ${method.toLowerCase()}">${method}</span> <code>${escape(path)}</code></p>`,
    one.description ? `<p>${prose(one.description)}</p>` : '',
    parametersHtml(one),
    body ? `<h4>Body: ${typeHtml(body)}</h4>${expanded(body, schemas)}` : '',
    answersHtml(one),
    codeBlock(`curl for ${one.summary}`, curlOf(method, path, one, body && exampleOf(body, schemas))),
  ].join('');
  return {
    id: anchor('operation', one.operationId),
    group: one.tags[0],
    label: one.summary,
    badge: method,
    words: `${method} ${path} ${one.summary} ${one.operationId} ${one.description ?? ''}`,
    html,
  };
}

function schemaOf(body: Body | undefined): Schema | undefined {
  return Object.values(body?.content ?? {})[0]?.schema;
}

function parametersHtml({ parameters = [] }: Described): string {
  const own = parameters.filter((parameter) => parameter.$ref === undefined);
  if (own.length === 0) return '';
  const required = own.filter((parameter) => parameter.required).map((parameter) => parameter.name);
  const properties = Object.fromEntries(own.map((parameter) => [parameter.name, parameter.schema]));
  return `<h4>Parameters</h4>${schemaHtml({ properties, required })}`;
}

function answersHtml({ responses }: Described): string {
  const [status = '200', answer] = Object.entries(responses)[0] ?? [];
  const output = schemaOf(answer);
  const others = Object.keys(responses).filter((code) => code !== status);
  const note = others.length > 0 ? `<p class="note">Other answers: ${others.join(', ')}</p>` : '';
  return `<h4>Answer ${status}${output ? `: ${typeHtml(output)}` : ''}</h4>${note}`;
}

function expanded(schema: Schema, schemas: Schemas): string {
  const found = schema.$ref ? schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] : schema;
  return `<details open><summary>Fields</summary>${schemaHtml(found ?? schema)}</details>`;
}

function curlOf(method: string, path: string, one: Described, body: unknown): string {
  const place = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    name === 'spaceId' ? '$PARLEY_SPACE' : `$${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`,
  );
  const lines = [`curl${method === 'GET' ? '' : ` -X ${method}`} "$PARLEY_URL${place}"`];
  if (!one.security) lines.push(`-H "Authorization: Bearer $PARLEY_KEY"`);
  if (body !== undefined)
    lines.push(
      `-H "Content-Type: application/json"`,
      `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`,
    );
  return lines.join(' \\\n  ');
}

function messageEntry(channel: string, address: string, document: AsyncApiDocument, name: string): Entry {
  const message = document.components.messages[name] ?? {};
  const schemas = document.components.schemas as Schemas;
  const payload = message['payload'] as Schema;
  const title = String(message['title']);
  const summary = String(message['summary'] ?? `A frame the ${title.replace(': ', ' sends: ')}`);
  const isSocket = address.startsWith('/ws/');
  // Events of the flow engine stand under `flow`.
  const group = channel === 'flow' ? 'flow_socket' : (channel.split('.')[0] ?? channel);
  const badge = isSocket ? (title.startsWith('client') ? 'SEND' : 'RECEIVE') : 'EVENT';
  const html = [
    `<h3>${escape(title)}</h3><p class="path"><span class="badge ${badge.toLowerCase()}">${badge}</span> <code>${escape(address)}</code></p>`,
    `<p>${prose(summary)}</p><h4>Data: ${typeHtml(payload)}</h4>`,
    expanded(payload, schemas),
    message['contentType'] === 'application/json'
      ? codeBlock(`example of ${title}`, JSON.stringify(exampleOf(payload, schemas), null, 2))
      : '',
  ].join('');
  return {
    id: anchor('message', name),
    group,
    label: title,
    badge,
    words: `${title} ${summary} ${address}`,
    html,
  };
}

function schemaEntries(schemas: Schemas): Entry[] {
  return Object.entries(schemas).map(([name, schema]) => ({
    id: anchor('schema', name),
    group: 'schemas',
    label: name,
    badge: 'TYPE',
    words: `${name} schema`,
    html: `<h3>${escape(name)}</h3>${schema.description ? `<p>${prose(schema.description)}</p>` : ''}${schemaHtml(schema)}`,
  }));
}
