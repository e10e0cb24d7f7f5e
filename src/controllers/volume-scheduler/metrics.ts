import type { Counter, Gauge, Histogram } from "prom-client";
import type { Metrics } from "../runtime/index.ts";

export interface SchedulerMetrics {
  readonly requests: Histogram<"verb" | "outcome">;
  readonly holds: Gauge;
  readonly conflicts: Counter;
  readonly freed: Counter<"why">;
}

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600];

export function schedulerMetrics(metrics: Metrics): SchedulerMetrics {
  return {
    requests: metrics.histogram(
      "halite_volume_scheduler_request_seconds",
      "Requests of the scheduler, by verb and how they went.",
      SECONDS,
      ["verb", "outcome"],
    ),
    holds: metrics.gauge("halite_volume_scheduler_holds", "Volumes that are held for a claim and are not the claim's yet."),
    conflicts: metrics.counter("halite_volume_scheduler_conflicts_total", "Choices given up since another scheduler had been first."),
    freed: metrics.counter("halite_volume_scheduler_freed_holds_total", "Holds freed that nobody had gone on with.", ["why"]),
  };
}
