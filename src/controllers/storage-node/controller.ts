import {
  NodeCommandError,
  Resource,
  type Api,
  type Clock,
  type EventRecorder,
  type Log,
  type Metrics,
  type NodeCommands,
} from "../runtime/index.ts";
import {
  API_GROUP,
  API_VERSION,
  COMPUTE_NODES,
  EVENTS,
  formatSystemConfiguration,
  LABELS,
  labelValue,
  type ComputeNode,
  type ComputeNodeStatus,
  type DiskStatus,
  type EventReason,
} from "../storage-api/index.ts";
import type { ConfigurationFile } from "./configuration-file.ts";
import type { Flavor } from "./flavor.ts";
import type { Observation } from "./observation.ts";
import { observe } from "./observe.ts";
import type { Plan, Step } from "./plan.ts";
import { plan } from "./planner.ts";
import { configurationOf, diskStatuses, statusOf, type StepResult } from "./results.ts";
import { commandsOf, describeStep } from "./steps.ts";

export const FIELD_MANAGER = "storage-node";

export interface StorageNodeOptions {
  readonly api: Api;
  /** The Node's name. */
  readonly node: string;
  readonly flavor: Flavor;
  readonly commands: NodeCommands;
  readonly file: ConfigurationFile;
  /** Gives a UUID that nobody has had. */
  readonly newUuid: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<EventRecorder, "tell">;
  readonly metrics: StorageNodeMetrics;
}

export type StorageNodeMetrics = ReturnType<typeof storageNodeMetrics>;

export function storageNodeMetrics(metrics: Metrics) {
  return {
    disks: metrics.gauge("halite_storage_node_disks", "Disks by what they are to Halite.", ["role"]),
    refusals: metrics.gauge("halite_storage_node_refusals", "What the flavor asks for and is not done, as data could be lost.", ["reason"]),
    drift: metrics.gauge("halite_storage_node_drift", "What is other than it was made.", ["reason"]),
    pending: metrics.gauge("halite_storage_node_pending_steps", "Steps of the plan that are not done yet."),
    steps: metrics.counter("halite_storage_node_steps_total", "Steps that were carried out.", ["action", "result"]),
    success: metrics.gauge("halite_storage_node_last_success_timestamp_seconds", "When disks were last as the flavor says, or refused."),
  };
}

/** Makes a node's disks what its flavor says: looks, plans, shows the plan, does it, looks again. */
export class StorageNode {
  readonly #options: StorageNodeOptions;
  readonly #nodes: Resource<ComputeNode>;
  /** What was told already, by this process. */
  #told = new Set<string>();

  constructor(options: StorageNodeOptions) {
    this.#options = options;
    this.#nodes = new Resource<ComputeNode>(options.api, COMPUTE_NODES);
  }

  /**
   * One pass. May be called again at any time, also after it was killed.
   *
   * @param signal no further step is begun once it is given
   * @throws where it could not look or show; and an Error that names the steps that failed, after everything else is done
   */
  async reconcile(signal: AbortSignal): Promise<void> {
    const { flavor, commands, file, node } = this.#options;
    let computeNode: ComputeNode;
    try {
      computeNode = await this.#computeNode();
    } catch (error) {
      await this.#mountOnly(signal);
      throw error;
    }
    let observation = await observe(commands);
    let known: readonly DiskStatus[] = computeNode.status?.disks ?? [];
    let next = plan(observation, flavor, known);
    const results = new Map<string, StepResult>();
    // A plan is shown before anything of it is done. A disk goes on being the plan's after a kill because it was shown.
    let shown = await this.#show(computeNode, observation, next, results);
    while (!signal.aborted) {
      const round = next.steps.filter((step) => !results.has(keyOf(step)) || results.get(keyOf(step))?.state === "Pending");
      if (round.length === 0) break;
      await this.#carryOut(round, observation, results, signal);
      known = diskStatuses(next, observation, flavor);
      observation = await observe(commands);
      next = plan(observation, flavor, known);
      for (const step of next.steps)
        if (results.get(keyOf(step))?.state === "Done")
          results.set(keyOf(step), { step, state: "Failed", reason: "it was done, and the disk is as before" });
      const appeared = next.steps.some(
        (step) => step.action === "partition" && !known.some(({ serial, role }) => serial === step.serial && role === "Planned"),
      );
      if (appeared) shown = await this.#show(shown, observation, next, results);
    }
    if (await file.write(formatSystemConfiguration(configurationOf(node, observation, next, flavor))))
      this.#options.log.info("the system configuration is written");
    shown = await this.#show(shown, observation, next, results);
    await this.#tell(shown, next, [...results.values()]);
    this.#measure(next, [...results.values()]);
    const failed = [...results.values()].filter(({ state }) => state === "Failed");
    if (failed.length > 0) throw new Error(failed.map(({ step, reason }) => `${describeStep(step).detail}: ${reason ?? ""}`).join("; "));
  }

  /** While the cluster can't be asked nothing is made; but what is made is mounted, so that a node comes up without its control plane. */
  async #mountOnly(signal: AbortSignal): Promise<void> {
    const { commands, flavor } = this.#options;
    const observation = await observe(commands);
    const mounts = plan(observation, flavor, []).steps.filter(({ action }) => action === "mount");
    await this.#carryOut(mounts, observation, new Map(), signal);
  }

  /** Steps of one disk wait for one another; one disk's failure is no other's. */
  async #carryOut(round: readonly Step[], observation: Observation, results: Map<string, StepResult>, signal: AbortSignal): Promise<void> {
    const { commands, log, metrics, newUuid } = this.#options;
    const broken = new Set<string>();
    for (const step of round) {
      const about = "serial" in step ? step.serial : step.group.name;
      const group = "name" in step ? step.name : undefined;
      if (signal.aborted) return;
      if (broken.has(about) || (group !== undefined && broken.has(group))) continue;
      const { action, detail } = describeStep(step);
      try {
        for (const command of commandsOf(step, observation.programs, newUuid)) await commands.run(command);
        results.set(keyOf(step), { step, state: "Done" });
        metrics.steps.inc({ action, result: "done" });
        log.info("done", { action, disk: about, detail });
      } catch (error) {
        if (!(error instanceof NodeCommandError)) throw error;
        broken.add(about);
        if (group !== undefined) broken.add(group);
        metrics.steps.inc({ action, result: "failed" });
        log.error("a step has failed", { action, disk: about, detail, error });
        results.set(keyOf(step), { step, state: "Failed", reason: error.message });
      }
    }
  }

  async #computeNode(): Promise<ComputeNode> {
    const { node, flavor } = this.#options;
    const wanted: ComputeNode = {
      apiVersion: `${API_GROUP}/${API_VERSION}`,
      kind: "ComputeNode",
      metadata: { name: node, labels: { [LABELS.flavor]: labelValue(flavor.name) } },
    };
    const found = await this.#nodes.find(node);
    if (found?.metadata.labels?.[LABELS.flavor] === labelValue(flavor.name)) return found;
    return this.#nodes.apply(wanted, { fieldManager: FIELD_MANAGER, force: true });
  }

  /** Writes the status where it says anything new. */
  async #show(before: ComputeNode, observation: Observation, next: Plan, results: ReadonlyMap<string, StepResult>): Promise<ComputeNode> {
    const { clock, flavor, node } = this.#options;
    const pending = next.steps.filter((step) => !results.has(keyOf(step))).map((step): StepResult => ({ step, state: "Pending" }));
    const all = [...results.values(), ...pending];
    const now = `${clock.date().toISOString().slice(0, 19)}Z`;
    const status: ComputeNodeStatus = statusOf({ observation, plan: next, flavor, results: all }, before.status, now);
    return this.#nodes.apply(
      { apiVersion: `${API_GROUP}/${API_VERSION}`, kind: "ComputeNode", metadata: { name: node }, status },
      { fieldManager: FIELD_MANAGER, force: true },
      "status",
    );
  }

  /** What has happened, and what is new among what is wrong. */
  async #tell(computeNode: ComputeNode, { remarks }: Plan, results: readonly StepResult[]): Promise<void> {
    const { events } = this.#options;
    for (const { step, state, reason } of results) {
      const { detail } = describeStep(step);
      const done = DONE[step.action];
      if (state === "Failed")
        await events.tell(computeNode, { type: "Warning", reason: EVENTS.provisioningFailed, message: `${detail}: ${reason ?? ""}` });
      else if (state === "Done" && done !== undefined) await events.tell(computeNode, { type: "Normal", reason: done, message: detail });
    }
    const told = new Set(remarks.map(({ reason, message }) => `${reason} ${message}`));
    for (const { reason, message } of remarks)
      if (!this.#told.has(`${reason} ${message}`)) await events.tell(computeNode, { type: "Warning", reason, message });
    this.#told = told;
  }

  #measure({ disks, missing, remarks }: Plan, results: readonly StepResult[]): void {
    const { metrics, clock } = this.#options;
    for (const gauge of [metrics.disks, metrics.refusals, metrics.drift]) gauge.reset();
    for (const { role } of disks) metrics.disks.inc({ role });
    metrics.disks.inc({ role: "Missing" }, missing.length);
    for (const { kind, reason } of remarks) (kind === "drift" ? metrics.drift : metrics.refusals).inc({ reason });
    const failed = results.filter(({ state }) => state !== "Done").length;
    metrics.pending.set(failed);
    if (failed === 0) metrics.success.set(clock.date().getTime() / 1000);
  }
}

const DONE: Readonly<Partial<Record<Step["action"], EventReason>>> = {
  wipe: EVENTS.diskWiped,
  make: EVENTS.diskProvisioned,
  createVolumeGroup: EVENTS.volumeGroupCreated,
  extendVolumeGroup: EVENTS.diskProvisioned,
};

/** The same for the same thing to be done. */
function keyOf(step: Step): string {
  const { action } = step;
  switch (action) {
    case "make":
    case "mount":
    case "createVolumeGroup":
    case "extendVolumeGroup":
      return `${action} ${step.serial} ${step.partition.uuid}`;
    case "seal":
      return `${action} ${step.serial} ${step.partitions.map(({ uuid }) => uuid).join(" ")}`;
    case "createThinPool":
      return `${action} ${step.group.name}/${step.name}`;
    case "tidyVolumeGroup":
      return `${action} ${step.group.name} ${[...step.leftovers, ...step.tags].join(" ")}`;
    default:
      return `${action} ${step.serial}`;
  }
}
