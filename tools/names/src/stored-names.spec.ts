import * as contracts from '@parley/contracts';
import * as messaging from '@parley/messaging';
import { baseConfig, httpConfig, migrationConfig, streamsConfig } from '@parley/service';
import { createTestDatabase, type TestDatabase } from '@parley/testing';
import type { z } from 'zod';

import { configSchema as assets } from '../../../apps/assets/src/config.ts';
import { configSchema as channelGateway } from '../../../apps/channel-gateway/src/config.ts';
import { configSchema as conversation } from '../../../apps/conversation/src/config.ts';
import { configSchema as flowEngine } from '../../../apps/flow-engine/src/config.ts';
import { configSchema as identity } from '../../../apps/identity/src/config.ts';
import { configSchema as notifications } from '../../../apps/notifications/src/config.ts';
import { configSchema as telephony } from '../../../apps/telephony/src/config.ts';
import { bridgeConfig, workerConfig } from '../../../apps/voice-agent/src/config.ts';
import { type CodeNames, collectCodeNames } from './code-names.ts';
import { eventLines, operationLines, schemaLines } from './contract-names.ts';
import { commonMetricLines } from './metric-names.ts';
import { readSources } from './sources.ts';
import { createAllTables, migrationLines, tableLines } from './table-names.ts';

/**
 * Names that are stored in PostgreSQL or NATS, or that users and operators rely on. They are never renamed and never removed:
 * a running installation holds them. To add one, run this spec with `-u` and commit the snapshot; a line that disappears or
 * changes there is a defect.
 */
describe('Stored and public names', () => {
  let server: TestDatabase;
  let code: CodeNames;

  beforeAll(async () => {
    server = await createTestDatabase();
    await createAllTables(server);
    code = collectCodeNames(readSources().filter(({ path }) => isShipped(path)));
  });

  afterAll(() => server.drop());

  it('migrations', () => expect(lines(migrationLines())).toMatchSnapshot());

  it('tables, their columns, and functions', async () =>
    expect(lines(await tableLines(server))).toMatchSnapshot());

  it('events, with their stream and schema', () => expect(lines(eventLines())).toMatchSnapshot());

  it('fields of events and socket frames', () => expect(lines(schemaLines('asyncapi'))).toMatchSnapshot());

  it('operations, with their route and fields', () => expect(lines(operationLines())).toMatchSnapshot());

  it('fields of the HTTP API', () => expect(lines(schemaLines('openapi'))).toMatchSnapshot());

  it('streams, buckets, subjects, headers and accounts of NATS', () =>
    expect(lines(natsLines(code))).toMatchSnapshot());

  it('consumers, with the events that they handle', () => expect(lines(code.consumers)).toMatchSnapshot());

  it('task queues', () => expect(lines(code.queues)).toMatchSnapshot());

  it('leases', () =>
    expect(lines([...code.leases, `messaging ${messaging.workerName('{}', 0)}`])).toMatchSnapshot());

  it('metrics, with their labels', async () => {
    const natsUrl = process.env['PARLEY_TEST_NATS_URL'] ?? '';
    expect(lines([...(await commonMetricLines(server, natsUrl)), ...code.metrics])).toMatchSnapshot();
  });

  it('environment variables', () => expect(lines(variableLines(code))).toMatchSnapshot());
});

/** Programs of an installation, not those that test or measure it. */
function isShipped(path: string): boolean {
  return !/^(?:apps\/e2e|libs\/testing|tools\/(?:bench|fuzz|prove|test|names))\/|\/testing\//.test(path);
}

function lines(values: readonly string[]): string {
  return `\n${values.join('\n')}\n`;
}

function natsLines({ buckets }: CodeNames): string[] {
  const [name, space, key] = ['<domain>.<event>', '<space>', 'key'];
  return [
    `streams: ${contracts.domains.map(contracts.streamName).join(' ')} ${contracts.deadLetterStream} ${messaging.outsideStream}`,
    `buckets: ${messaging.channelBucket} ${buckets.join(' ')}`,
    `accounts: ${messaging.streamsAccount} ${messaging.operationsAccount}`,
    `event: ${contracts.eventSubject(name, space, key)}`,
    `restricted event: ${contracts.eventSubject(name, space, key, { restricted: true })}`,
    `escaped key: ${contracts.subjectToken('a.b ü')}`,
    `dead letter: ${contracts.deadLetterSubject('<service>', '<consumer>', space)}`,
    `operation: ${contracts.operationSubject('<domain>.<verb>')}, queue group ${contracts.operationQueue('<domain>.<verb>')}`,
    `live: ${contracts.liveSubject(space, '<conversation>')}`,
    `call: ${contracts.callSubject(space, '<call>')}`,
    `outside: ${messaging.deliverySubject(space)} ${messaging.outsideAccountName(space)} ${messaging.outsideOperator(space)} ${messaging.outsideApi}`,
    `headers: ${Object.values(contracts.headerNames).join(' ')}`,
  ];
}

function variableLines({ variables }: CodeNames): string[] {
  const schemas: Record<string, z.ZodObject> = {
    'every service': baseConfig,
    http: httpConfig,
    migrations: migrationConfig,
    streams: streamsConfig,
    assets: assets,
    'channel-gateway': channelGateway,
    conversation: conversation,
    'flow-engine': flowEngine,
    identity: identity,
    notifications: notifications,
    telephony: telephony,
    'voice-agent worker': workerConfig,
    'voice-agent bridge': bridgeConfig,
  };
  return [
    ...Object.entries(schemas).flatMap(([name, { shape }]) =>
      Object.keys(shape)
        .sort()
        .map((variable) => `${name}: ${variable}`),
    ),
    ...variables.map((variable) => `without a schema: ${variable}`),
  ];
}
