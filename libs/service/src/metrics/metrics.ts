import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';

import type { Labels } from './labels.ts';
import type { PromRegistry } from './prom-registry.ts';

/** Numbers that a part keeps of itself, read when they are scraped. Nested objects name a label's values. */
export type StatsReader = () => object;

/** Event loop lag in milliseconds since it was last read by `/metrics`. */
export interface EventLoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Each look wakes the process: ten a second cost an idle service nothing that shows, a hundred a third of all it does. */
const RESOLUTION_MS = 100;

type Observation = (registry: PromRegistry) => void;

/**
 * The service's Prometheus metrics. prom-client is loaded after the service is ready; what is counted before waits in a
 * list, so nothing counts twice or gets lost.
 */
export class Metrics {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #stats = new Map<string, StatsReader>();
  #early: Observation[] = [];
  #loading: Promise<PromRegistry> | undefined;
  #registry: PromRegistry | undefined;

  constructor() {
    this.#delay.enable();
  }

  /**
   * Adds an object of numbers as gauges `parley_<prefix>_<field>`. A field that holds objects of numbers becomes
   * gauges with the label `name`: `{ consumers: { runs: { lag: 2 } } }` is `parley_<prefix>_consumers_lag{name="runs"} 2`.
   */
  addStats(prefix: string, read: StatsReader): void {
    this.#stats.set(prefix, read);
  }

  /** Adds to the counter `parley_<name>_total`. */
  count(name: string, labels: Labels = {}, amount = 1): void {
    this.#apply((registry) => registry.count(name, labels, amount));
  }

  /** Adds a duration to the histogram `parley_<name>_seconds`. */
  observeMs(name: string, milliseconds: number, labels: Labels = {}): void {
    this.#apply((registry) => registry.observe(name, milliseconds / 1_000, labels));
  }

  eventLoop(): EventLoopLag {
    const inMs = (nanoseconds: number) =>
      Number.isFinite(nanoseconds) ? Math.round(nanoseconds / 1e4) / 100 : 0;
    return {
      meanMs: inMs(this.#delay.mean),
      p99Ms: inMs(this.#delay.percentile(99)),
      maxMs: inMs(this.#delay.max),
    };
  }

  /** Loads the exporter, and hands it what was counted so far. */
  load(): Promise<PromRegistry> {
    this.#loading ??= import('./prom-registry.ts').then(({ createPromRegistry }) => {
      const registry = createPromRegistry({ resolutionMs: RESOLUTION_MS });
      for (const observation of this.#early) observation(registry);
      this.#early = [];
      this.#registry = registry;
      return registry;
    });
    return this.#loading;
  }

  /** The text that Prometheus scrapes. */
  async render(): Promise<string> {
    const registry = await this.load();
    for (const [prefix, read] of this.#stats) setStats(registry, prefix, read());
    for (const [field, value] of Object.entries(this.eventLoop())) {
      registry.set(`event_loop_lag_${field.replace('Ms', '')}_seconds`, value / 1_000, {});
    }
    this.#delay.reset();
    return registry.text();
  }

  stop(): void {
    this.#delay.disable();
  }

  #apply(observation: Observation): void {
    if (this.#registry === undefined) this.#early.push(observation);
    else observation(this.#registry);
  }
}

function setStats(registry: PromRegistry, prefix: string, stats: object, labels: Labels = {}): void {
  for (const [field, value] of Object.entries(stats)) {
    const name = `${prefix}_${snakeCase(field)}`;
    if (typeof value === 'number' || typeof value === 'boolean') registry.set(name, Number(value), labels);
    else if (typeof value === 'object' && value !== null) setNamed(registry, name, value);
  }
}

function setNamed(registry: PromRegistry, name: string, values: object): void {
  for (const [label, value] of Object.entries(values)) {
    if (typeof value === 'number') registry.set(name, value, { name: label });
    else if (typeof value === 'object' && value !== null) setStats(registry, name, value, { name: label });
  }
}

function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/\W/g, '_')
    .toLowerCase();
}
