import { ConsumerRunner } from '@parley/messaging';
import { MasterKeys, Metrics, type BaseConfig, createLogger, HealthChecks } from '@parley/service';
import { testOperationKeys, type SpecDatabase } from '@parley/service/testing';

import { createInfrastructure } from '../../../libs/service/src/boot/infrastructure.ts';
import { addChecksAndStats } from '../../../libs/service/src/boot/checks-and-stats.ts';

/** Node's own metrics, whose names come from prom-client. */
const NODE_METRIC = /^parley_(?:nodejs|process)_/;

/** Metrics that every service has, with their labels, as a scrape of an idle one shows them. */
export async function commonMetricLines(server: SpecDatabase, natsUrl: string): Promise<string[]> {
  const metrics = new Metrics();
  const infrastructure = await createInfrastructure({
    name: 'names',
    domain: 'conversation',
    config: {
      DATABASE_URL: server.urlFor('parley_conversation'),
      DATABASE_RUNNER_URL: server.urlFor('parley_conversation_runner'),
      NATS_URL: natsUrl,
      NATS_USER: 'operator',
      NATS_PASSWORD: 'x',
      EGRESS_ALLOW: '',
    } as BaseConfig,
    logger: createLogger({ name: 'names', level: 'fatal' }),
    operationKeys: testOperationKeys('names'),
    masterKeys: new MasterKeys([Buffer.alloc(32, 7)]),
    checks: new HealthChecks(),
    metrics,
  });
  const { messaging, nats, operationsNats, database, runner } = infrastructure;
  try {
    const parts = {} as ConstructorParameters<typeof ConsumerRunner>[0];
    messaging.consumers.push(
      new ConsumerRunner(parts, { id: 'sample', stream: 'SAMPLE', handlers: new Map() }),
    );
    addChecksAndStats(infrastructure, []);
    return linesOf(await metrics.render());
  } finally {
    metrics.stop();
    await Promise.all([nats.close(), operationsNats.close(), database.close(), runner.close()]);
  }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').flatMap((line) => {
    const [, name = '', labels = ''] = /^(parley_\w+)(?:\{([^}]*)\})?/.exec(line) ?? [];
    if (name === '' || NODE_METRIC.test(name)) return [];
    const keys = [...labels.matchAll(/(\w+)="/g)].map((match) => match[1]);
    return [keys.length > 0 ? `${name} { ${keys.join(', ')} }` : name];
  });
  return [...new Set(lines)].sort();
}
