import type { Infrastructure } from './infrastructure.ts';
import type { CheckResult } from '../health/health-checks.ts';

const MAX_PING_MS = 500;
const MAX_OUTBOX_ROWS = 10_000;

/** Adds the checks that every service has, and the numbers that its messaging keeps of itself. */
export function addChecksAndStats(infrastructure: Infrastructure, readyWithout: readonly string[]): void {
  const { checks, nats, operationsNats } = infrastructure;
  const required = (name: string) => !readyWithout.includes(name);
  checks.add({
    name: 'postgresql',
    required: required('postgresql'),
    run: () => checkPostgres(infrastructure),
  });
  checks.add({
    name: 'nats',
    required: required('nats'),
    run: async () => {
      await Promise.all([nats.flush(), operationsNats.flush()]);
      return { status: 'ok', server: nats.info?.version ?? 'unknown' };
    },
  });
  checks.add({ name: 'outbox', required: false, run: () => checkOutbox(infrastructure) });
  addStats(infrastructure);
}

async function checkPostgres({ database }: Infrastructure): Promise<CheckResult> {
  const started = performance.now();
  await database.ping();
  const milliseconds = Math.round(performance.now() - started);
  return milliseconds < MAX_PING_MS
    ? { status: 'ok', milliseconds }
    : { status: 'failed', detail: 'slow', milliseconds };
}

async function checkOutbox({ messaging }: Infrastructure): Promise<CheckResult> {
  const rows = await messaging.lag();
  return { status: rows < MAX_OUTBOX_ROWS ? 'ok' : 'degraded', rows };
}

function addStats({ metrics, messaging }: Infrastructure): void {
  metrics.addStats('relay', () => messaging.relay.stats);
  metrics.addStats('operations', () => messaging.operations.stats);
  metrics.addStats('operation_client', () => ({ waiting: messaging.client.waiting }));
  metrics.addStats('facts', () => ({ waiting: messaging.publisher.waiting }));
  metrics.addStats('leases', () => ({ held: messaging.leases.heldNames().length }));
  metrics.addStats('runner', () => ({
    consumers: Object.fromEntries(messaging.consumers.map((consumer) => [consumer.id, consumer.stats])),
  }));
}
