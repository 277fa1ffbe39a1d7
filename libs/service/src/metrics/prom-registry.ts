import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Labels } from './labels.ts';

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A prom-client registry whose metrics come into being with their first sample. */
export interface PromRegistry {
  set(name: string, value: number, labels: Labels): void;
  count(name: string, labels: Labels, amount: number): void;
  observe(name: string, seconds: number, labels: Labels): void;
  text(): Promise<string>;
}

/** Makes the registry, with Node's own metrics (memory, garbage collection, handles) in it; `resolutionMs`: how often the event loop is looked at. */
export function createPromRegistry({ resolutionMs }: { resolutionMs: number }): PromRegistry {
  const registry = new Registry();
  const registers = [registry];
  const gauges = new Map<string, Gauge>();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();
  collectDefaultMetrics({
    register: registry,
    prefix: 'parley_',
    eventLoopMonitoringPrecision: resolutionMs,
  });
  return {
    set(name, value, labels) {
      const make = () =>
        new Gauge({ name: `parley_${name}`, help: name, labelNames: Object.keys(labels), registers });
      getOrMake(gauges, name, make).set(labels, value);
    },
    count(name, labels, amount) {
      const full = `parley_${name}_total`;
      const make = () => new Counter({ name: full, help: name, labelNames: Object.keys(labels), registers });
      getOrMake(counters, name, make).inc(labels, amount);
    },
    observe(name, seconds, labels) {
      const full = `parley_${name}_seconds`;
      const labelNames = Object.keys(labels);
      const make = () => new Histogram({ name: full, help: name, labelNames, buckets: BUCKETS, registers });
      getOrMake(histograms, name, make).observe(labels, seconds);
    },
    text: () => registry.metrics(),
  };
}

function getOrMake<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}
