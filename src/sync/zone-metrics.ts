import type { KeptPass } from "../cluster/index.ts";
import type { Clock, Metrics } from "../controllers/runtime/index.ts";
import type { ZoneStatus } from "./status.ts";
import type { ZoneListener } from "./zone.ts";

const PASS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const WRITES = new Set(["create", "update", "adopt", "replace"]);

/** A zone's metrics: what happens is counted as it happens, how things are is set when they are read. */
export class ZoneMetrics implements ZoneListener {
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #passes;
  readonly #unreachable;
  readonly #drift;
  readonly #operations;
  readonly #pulls;
  readonly #reports;
  readonly #objects;
  readonly #clusters;
  readonly #addons;
  readonly #queue;
  readonly #gitAge;
  readonly #commitAge;
  readonly #refused;
  readonly #leads;
  /** The commit that a full pass was made with, by cluster: what is written after that is drift. */
  readonly #applied = new Map<string, string>();

  constructor(metrics: Metrics, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#passes = metrics.histogram(
      "halite_sync_pass_seconds",
      "How long a look at a cluster and what was applied then took.",
      PASS_SECONDS,
      ["cluster", "kind"],
    );
    this.#unreachable = metrics.counter("halite_sync_unreachable_total", "Passes that could not be made: no answer, or a refusal.", [
      "cluster",
    ]);
    this.#drift = metrics.counter("halite_sync_drift_total", "Objects that had departed from git and were brought back.", ["cluster"]);
    this.#operations = metrics.counter("halite_sync_operations_total", "Operations that changed, failed or wait.", [
      "cluster",
      "operation",
      "result",
    ]);
    this.#pulls = metrics.histogram("halite_sync_pull_seconds", "How long reading git took, by what it came to.", PASS_SECONDS, ["result"]);
    this.#reports = metrics.counter("halite_sync_reports_total", "Reports to the other zones, pushed and failed.", ["result"]);
    this.#objects = metrics.gauge("halite_sync_objects", "Objects of the release, by their health.", ["cluster", "state"]);
    this.#clusters = metrics.gauge("halite_sync_cluster", "1 where the cluster is so: synced, healthy, done, held.", ["cluster", "is"]);
    this.#addons = metrics.gauge("halite_sync_addons", "Addons, by how they stand to git.", ["cluster", "sync"]);
    this.#queue = metrics.gauge("halite_sync_queue_depth", "Clusters that wait for a worker.");
    this.#gitAge = metrics.gauge("halite_sync_git_age_seconds", "Seconds since git was last read.");
    this.#commitAge = metrics.gauge("halite_sync_commit_age_seconds", "Seconds since the commit was made that is taken over.");
    this.#refused = metrics.gauge("halite_sync_commit_refused", "1 while the newest commit must not be applied.");
    this.#leads = metrics.gauge("halite_leader", "1 while this process leads.");
  }

  onPull(result: "taken" | "refused" | "failed", seconds: number): void {
    this.#pulls.observe({ result }, seconds);
  }

  onReport(result: "pushed" | "failed"): void {
    this.#reports.inc({ result });
  }

  onPass(cluster: string, pass: KeptPass | null): void {
    if (pass === null) {
      this.#unreachable.inc({ cluster });
      return;
    }
    this.#passes.observe({ cluster, kind: pass.kind }, pass.milliseconds / 1000);
    if (pass.result === null) return;
    const again = this.#applied.get(cluster) === pass.plan.commit;
    const states = new Map<string, number>();
    for (const { operation, outcome, health } of pass.result.addons.flatMap(({ operations }) => operations)) {
      if (outcome.result !== "unchanged") this.#operations.inc({ cluster, operation: operation.op, result: outcome.result });
      if (again && outcome.result === "done" && WRITES.has(operation.op)) this.#drift.inc({ cluster });
      if (health !== null) states.set(health.state, (states.get(health.state) ?? 0) + 1);
    }
    for (const state of ["Current", "InProgress", "Failed", "NotFound", "Terminating", "Unknown"])
      this.#objects.set({ cluster, state }, states.get(state) ?? 0);
    for (const [state, count] of states) this.#objects.set({ cluster, state }, count);
    if (pass.kind === "full" && pass.plan.commit !== null) this.#applied.set(cluster, pass.plan.commit);
  }

  /** In Prometheus' text format. `status`: null where another replica leads. */
  async text(status: ZoneStatus | null): Promise<string> {
    this.#leads.set(status === null ? 0 : 1);
    this.#clusters.reset();
    this.#addons.reset();
    if (status !== null) this.#set(status);
    return await this.#metrics.text();
  }

  #set(status: ZoneStatus): void {
    const now = this.#clock.date().getTime();
    this.#queue.set(status.waiting);
    if (status.git.secondsSincePull !== null) this.#gitAge.set(status.git.secondsSincePull);
    if (status.git.committed !== null) this.#commitAge.set(Math.max(0, (now - Date.parse(status.git.committed)) / 1000));
    this.#refused.set(status.git.refused === null ? 0 : 1);
    for (const { cluster, synced, healthy, done, hold, addons } of status.clusters) {
      const is = { synced, healthy, done, held: hold !== null };
      for (const [name, value] of Object.entries(is)) this.#clusters.set({ cluster, is: name }, value ? 1 : 0);
      const counts = new Map<string, number>();
      for (const { sync } of addons) counts.set(sync, (counts.get(sync) ?? 0) + 1);
      for (const [sync, count] of counts) this.#addons.set({ cluster, sync }, count);
    }
  }
}
