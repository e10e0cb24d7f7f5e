import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** A controller's metrics. Each controller has a registry of its own; nothing is registered globally. */
export class Metrics {
  readonly registry = new Registry();

  counter<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames: [...labels], registers: [this.registry] });
  }

  gauge<L extends string = never>(name: string, help: string, labels: readonly L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames: [...labels], registers: [this.registry] });
  }

  /** `buckets` in the metric's unit. */
  histogram<L extends string = never>(name: string, help: string, buckets: readonly number[], labels: readonly L[] = []): Histogram<L> {
    return new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers: [this.registry] });
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}

/** What the runtime itself counts, under one prefix for all controllers; alerts of any of them can be written once. */
export interface RuntimeMetrics {
  readonly queueDepth: Gauge<"queue">;
  readonly queueWait: Histogram<"queue">;
  readonly queueWork: Histogram<"queue">;
  readonly failures: Counter<"queue">;
  readonly watches: Counter<"resource" | "what">;
  readonly leads: Gauge;
  readonly commands: Histogram<"tool" | "result">;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

export function runtimeMetrics(metrics: Metrics): RuntimeMetrics {
  return {
    queueDepth: metrics.gauge("halite_queue_depth", "Keys that wait to be worked on.", ["queue"]),
    queueWait: metrics.histogram("halite_queue_wait_seconds", "How long keys waited.", SECONDS, ["queue"]),
    queueWork: metrics.histogram("halite_queue_work_seconds", "How long the work on a key took.", SECONDS, ["queue"]),
    failures: metrics.counter("halite_reconcile_failures_total", "Work on a key that failed.", ["queue"]),
    watches: metrics.counter("halite_watches_total", "Lists and watches begun, places that the server had forgotten, failures.", [
      "resource",
      "what",
    ]),
    leads: metrics.gauge("halite_leader", "1 while this process leads."),
    commands: metrics.histogram("halite_node_command_seconds", "Programs of the node that were run.", SECONDS, ["tool", "result"]),
  };
}
