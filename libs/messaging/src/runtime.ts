import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Database } from '@parley/database';
import { ParkedRepository } from './dead-letters/parked.repository.ts';
import { EventLog } from './event-log/event-log.ts';
import { OutboxRepository } from './event-log/outbox.repository.ts';
import { Relay } from './event-log/relay.ts';
import { EventPublisher } from './event-log/event-publisher.ts';
import { Leases } from './leases/leases.ts';
import { LeasesRepository } from './leases/leases.repository.ts';
import { CallBus, LiveBus } from './live/live-bus.ts';
import type { MessagingLogger } from './logger.ts';
import { Maintenance } from './mechanism/maintenance.ts';
import { MaintenanceRepository } from './mechanism/maintenance.repository.ts';
import { streamIdentity } from './nats/streams.ts';
import { CommandRepository } from './operations/command.repository.ts';
import { OperationClient } from './operations/operation-client.ts';
import type { OperationKeys } from './operations/operation-keys.ts';
import { type AnswerCipher, OperationServer } from './operations/operation-server.ts';
import { ConsumerRepository } from './runner/consumer.repository.ts';
import { ConsumerRunner, type ConsumerSpec } from './runner/consumer-runner.ts';
import { PositionReporter } from './runner/position-reporter.ts';
import { SuspectGate } from './suspect-gate.ts';
import { LocalWorkers } from './tasks/local-workers.ts';
import { type TaskHandler, type TaskOptions, TaskWorker } from './tasks/task-worker.ts';
import { TASK_SHARDS, Tasks, workerName } from './tasks/tasks.ts';
import { TasksRepository } from './tasks/tasks.repository.ts';
import { Wakers } from './wakers.ts';
import { WorkFinder } from './work-finder/work-finder.ts';
import { WorkFinderRepository } from './work-finder/work-finder.repository.ts';

/** What a service gives its messaging. */
export interface RuntimeOptions {
  /** Name of the service and its domain. */
  service: string;
  /** Name of the process, where a service has several kinds; it answers for its health under it. */
  process?: string | undefined;
  domain: string;
  /** In the account of streams. */
  nats: NatsConnection;
  /** In the account of operations. */
  operationsNats: NatsConnection;
  /** Whether this process is as it should be; by default, whether PostgreSQL answers. */
  isHealthy?: (() => Promise<boolean>) | undefined;
  /** Pool under the service's role, and one under its runner role. */
  database: Database<unknown>;
  runner: Database<unknown>;
  logger: MessagingLogger;
  cipher: AnswerCipher;
  /** What this service signs its requests with and verifies those of others. */
  keys: OperationKeys;
  /** Key-value buckets this service writes through its outbox. */
  buckets?: readonly string[];
}

/** All of a service's messaging in one place: what it appends, answers, consumes and does. */
export class MessagingRuntime {
  readonly nats: NatsConnection;
  readonly domain: string;
  readonly wakers: Wakers;
  readonly events: EventLog;
  readonly tasks: Tasks;
  readonly leases: Leases;
  readonly operations: OperationServer;
  readonly client: OperationClient;
  readonly live: LiveBus;
  readonly calls: CallBus;
  readonly publisher: EventPublisher;
  readonly parked: ParkedRepository;
  readonly relay: Relay;
  readonly consumers: ConsumerRunner[] = [];
  private readonly options: RuntimeOptions;
  private readonly outbox: OutboxRepository;
  private readonly maintenance: Maintenance;
  private readonly positions: PositionReporter;
  private readonly gate = new SuspectGate();
  private readonly taskRepository: TasksRepository;
  private readonly finder: WorkFinder;
  private readonly localWorkers: LocalWorkers;
  private readonly specs: ConsumerSpec[] = [];
  private wakeSubscription: Subscription | null = null;

  constructor(options: RuntimeOptions) {
    const { nats, operationsNats, database, runner, logger, service } = options;
    this.options = options;
    this.nats = nats;
    this.domain = options.domain;
    this.wakers = new Wakers(database);
    this.events = new EventLog(this.wakers);
    this.taskRepository = new TasksRepository(runner);
    this.localWorkers = new LocalWorkers(database);
    this.tasks = new Tasks(this.taskRepository, this.wakers, this.localWorkers);
    this.leases = new Leases(new LeasesRepository(runner), logger, this.wakers);
    this.finder = new WorkFinder(new WorkFinderRepository(runner), this.leases, this.wakers, logger);
    this.operations = new OperationServer({
      nats: operationsNats,
      database,
      commands: new CommandRepository(),
      logger,
      cipher: options.cipher,
      keys: options.keys,
    });
    this.client = new OperationClient(operationsNats, options.keys);
    this.live = new LiveBus(operationsNats);
    this.calls = new CallBus(operationsNats);
    this.publisher = new EventPublisher(nats, service);
    this.parked = new ParkedRepository(runner, service);
    this.outbox = new OutboxRepository(runner);
    this.maintenance = new Maintenance(new MaintenanceRepository(runner));
    this.positions = new PositionReporter(nats, service, logger);
    this.relay = new Relay({ outbox: this.outbox, nats, wakers: this.wakers, logger, source: service });
  }

  /** Adds a consumer of one stream, before the start. */
  addConsumer(spec: ConsumerSpec): void {
    this.specs.push(spec);
  }

  /** Adds the worker of a queue, before the start. */
  addTaskWorker(options: TaskOptions, handler: TaskHandler): void {
    const { database, logger } = this.options;
    const parts = {
      database,
      repository: this.taskRepository,
      parked: this.parked,
      wakers: this.wakers,
      local: this.localWorkers,
      gate: this.gate,
      logger,
    };
    const worker = new TaskWorker(parts, options, handler);
    for (let shard = 0; shard < TASK_SHARDS; shard += 1) {
      this.leases.runWhileHeld(workerName(options.queue, shard), (lease) => worker.run(shard, lease), {
        drain: true,
      });
    }
  }

  /** Starts relays, consumers, workers and answers. */
  async start(): Promise<void> {
    const shards = [
      this.domain.toUpperCase(),
      'DEAD_LETTER',
      ...(this.options.buckets ?? []).map((bucket) => `kv:${bucket}`),
    ];
    for (const shard of shards)
      this.leases.runWhileHeld(`relay.${shard}`, (lease) => this.relay.run(shard, lease), { drain: true });
    this.leases.runWhileHeld('maintenance', (lease) => this.maintenance.run(lease));
    await this.positions.removeUnknownConsumers(this.specs);
    for (const spec of this.specs) await this.startConsumer(spec);
    this.subscribeToWakes();
    this.respondToHealthChecks();
    this.leases.start();
    this.finder.start();
    this.operations.start();
  }

  /** Ends in an order in which nothing is left half-done; what is cut off goes on elsewhere. */
  async stop(): Promise<void> {
    await this.operations.stop();
    await this.finder.stop();
    await this.leases.stop();
    this.wakeSubscription?.unsubscribe();
  }

  /** Rows that wait to be published. */
  async lag(): Promise<number> {
    return (await this.outbox.lag()).reduce((sum, one) => sum + one.rows, 0);
  }

  private async startConsumer(spec: ConsumerSpec): Promise<void> {
    const { nats, database, runner, logger } = this.options;
    const { partitions } = await streamIdentity(nats, spec.stream);
    const { parked, positions, gate, wakers } = this;
    const parts = {
      nats,
      database,
      repository: new ConsumerRepository(runner),
      parked,
      logger,
      positions,
      gate,
      wakers,
    };
    const consumer = new ConsumerRunner(parts, spec);
    this.consumers.push(consumer);
    for (let partition = 0; partition < partitions; partition += 1) {
      this.leases.runWhileHeld(`consumer.${spec.id}.${partition}`, (lease) => consumer.run(partition, lease));
    }
  }

  /** Tells whoever asks (the gateway's `/readyz`) whether this service can work. */
  private respondToHealthChecks(): void {
    const { service, process, database } = this.options;
    const isHealthy = this.options.isHealthy ?? (() => database.ping().then(() => true));
    this.options.operationsNats.subscribe(`health.${process ?? service}`, {
      callback: (error, message) => {
        if (error) return;
        isHealthy().then(
          (well) => message.respond(well ? 'ok' : 'degraded'),
          () => message.respond('degraded'),
        );
      },
    });
  }

  /** A commit in one process wakes the loop in the process that holds the lease. */
  private subscribeToWakes(): void {
    const prefix = `wake.${this.options.service}.`;
    const nats = this.options.operationsNats;
    this.wakers.onRemoteWake((name) => {
      if (!nats.isClosed()) nats.publish(`${prefix}${name.replaceAll(':', '_')}`, name);
    });
    this.wakeSubscription = nats.subscribe(`${prefix}>`, {
      callback: (error, message) => void (error ?? this.wakers.wakeLocal(message.string())),
    });
    void this.wakeAllOnReconnect();
  }

  private async wakeAllOnReconnect(): Promise<void> {
    for await (const { type } of this.options.operationsNats.status())
      if (type === 'reconnect') this.wakers.wakeAll();
  }
}
