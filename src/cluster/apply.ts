import { setTimeout as wait } from "node:timers/promises";
import type { AddonStatus, InventoryAddon, Member } from "./addon-object.ts";
import { isKubernetesObject, type ApiClient, type KubernetesObject } from "../kubernetes/index.ts";
import { discover, pathOf, type Discovery } from "./discovery.ts";
import { tell } from "./events.ts";
import { AddonHealth } from "./addon-health.ts";
import { worst, type Health } from "./health.ts";
import { isSuspended, type Observed } from "./observe.ts";
import type { Phase } from "./order.ts";
import { outcomeOf, perform, release, remove, type Outcome, type PerformContext } from "./perform.ts";
import { isSecret } from "./try-apply.ts";
import { NOT_LOOKED_AT, type AddonPlan, type Operation, type Plan } from "./plan.ts";
import { deleteRecord, ensureAddonKind, writeRecord } from "./record.ts";
import type { Reveal } from "./apply-body.ts";
import { describeRef, groupKind, keyOf, type Desired, type DesiredAddon, type DesiredObject, type ObjectKey } from "./types.ts";

/** An operation and what came of it. */
export interface AppliedOperation {
  readonly operation: Operation;
  readonly outcome: Outcome;
  readonly health: Health | null;
}

export interface AppliedAddon {
  readonly name: string;
  readonly state: AddonPlan["state"];
  readonly status: AddonStatus;
  readonly operations: readonly AppliedOperation[];
}

/** What carrying out a plan came to. */
export interface ApplyResult {
  readonly cluster: string;
  readonly addons: readonly AppliedAddon[];
}

export interface ApplyOptions {
  readonly reveal?: Reveal | undefined;
  /** Milliseconds that is waited for what must be healthy before the next step, and for what is being deleted; default five minutes. */
  readonly timeout?: number;
  /** Wait until everything is healthy, as long as the timeout. */
  readonly wait?: boolean;
  /** `halite/v0.1.0`, which stands on the ApplySets. */
  readonly tooling: string;
  /** The clock, for events. */
  readonly now: () => Date;
  /** Called as soon as something has come of an operation. */
  readonly onOperation?: (operation: Operation, outcome: Outcome) => void;
  /** Called when something is waited for; null: no longer. */
  readonly onWait?: (reason: string | null) => void;
  readonly signal?: AbortSignal | undefined;
  /** Of objects that the plan passes over: what is known of them since an earlier pass. */
  readonly known?: ReadonlyMap<ObjectKey, AppliedOperation> | undefined;
}

const WRITES = new Set<Operation["op"]>(["create", "update", "adopt", "replace"]);

/**
 * Carries out a plan, and nothing that is not in it. An object that fails stops its own addon's later phases and prune, and no other addon.
 *
 * Every step can be cut off: what is to be applied stands in the inventory before it is applied, and leaves it after it is gone.
 *
 * @throws UnreachableError, ApiError where the inventory can't be written
 */
export async function applyPlan(
  client: ApiClient,
  plan: Plan,
  desired: Desired,
  observed: Observed,
  options: ApplyOptions,
): Promise<ApplyResult> {
  if (plan.refused.length > 0) throw new Error("a refused plan is not carried out");
  const run = new Run(client, plan, desired, observed, options);
  return await run.all();
}

class Run {
  readonly #client: ApiClient;
  readonly #plan: Plan;
  readonly #observed: Observed;
  readonly #options: ApplyOptions;
  readonly #timeout: number;
  readonly #wanted = new Map<ObjectKey, DesiredObject>();
  readonly #addons: ReadonlyMap<string, DesiredAddon>;
  /** What is there, as of the last answer. */
  readonly #live: Map<ObjectKey, KubernetesObject>;
  readonly #outcomes = new Map<Operation, Outcome>();
  readonly #inventory: Map<string, InventoryAddon>;
  readonly #events: Promise<void>[] = [];
  readonly #health: AddonHealth;
  #discovery: Discovery;

  constructor(client: ApiClient, plan: Plan, desired: Desired, observed: Observed, options: ApplyOptions) {
    this.#client = client;
    this.#plan = plan;
    this.#observed = observed;
    this.#options = options;
    this.#timeout = options.timeout ?? 300_000;
    this.#addons = new Map(desired.addons.map((addon) => [addon.name, addon]));
    for (const addon of desired.addons)
      if (addon.state === "complete") for (const object of addon.objects) this.#wanted.set(object.key, object);
    this.#live = new Map(observed.live);
    this.#inventory = new Map(observed.inventory);
    this.#discovery = observed.discovery;
    this.#health = new AddonHealth(client, this.#live);
  }

  async all(): Promise<ApplyResult> {
    for (const addon of this.#plan.addons) for (const operation of addon.operations) this.#tellRefused(operation);
    const active = this.#plan.addons.filter(({ state }) => state === "apply" || state === "removed");
    if (active.some((addon) => addon.operations.length > 0)) await this.#ensureAddonKind(active);
    const announced = new Map(active.map((addon) => [addon.name, this.#announce(addon)]));
    // Of all addons first: nothing hangs on them, and others may need what they bring.
    await this.#first(active, "definitions", announced);
    await this.#definitionsEstablished(active);
    await this.#first(active, "namespaces", announced);
    const running = new Map<string, Promise<void>>();
    for (const addon of this.#plan.addons) {
      const before = [addon.name, ...addon.dependsOn].flatMap((name) => [announced.get(name) ?? [], running.get(name) ?? []]).flat();
      running.set(addon.name, active.includes(addon) ? this.#addon(addon, before) : Promise.resolve());
    }
    await Promise.all([...announced.values(), ...running.values()]);
    await Promise.all(active.map((addon) => this.#release(addon)));
    // What depends on others is pruned before them.
    for (const addon of [...active].reverse()) await this.#prune(addon);
    if (this.#options.wait === true) await this.#allHealthy(active);
    const addons = await Promise.all(this.#plan.addons.map((addon) => this.#finish(addon)));
    await Promise.all(this.#events);
    return { cluster: this.#plan.cluster, addons };
  }

  async #ensureAddonKind(active: readonly AddonPlan[]): Promise<void> {
    const { definition, looked, leftovers } = this.#observed;
    const kinds = [
      ...[...this.#inventory.values()].flatMap((addon) => [...addon.members.values()]),
      ...active.flatMap((addon) => addon.operations.filter(({ op }) => WRITES.has(op))).map(({ ref }) => ref),
      ...leftovers.map(({ ref }) => ref),
    ].map(groupKind);
    await ensureAddonKind(this.#client, definition, kinds, looked);
  }

  /** What is refused is told on the object, once for as long as the reason is the same. */
  #tellRefused(operation: Operation): void {
    if (operation.op !== "refuse" || operation.uid === null) return;
    const before = this.#options.known?.get(operation.key)?.operation;
    if (before?.op === "refuse" && before.reason === operation.reason) return;
    const message = `addon ${operation.addon}: ${operation.reason}`;
    this.#events.push(
      tell(this.#client, { ref: operation.ref, uid: operation.uid, type: "Warning", reason: "Refused", message }, this.#options.now()),
    );
  }

  /** Writes all that may be there into the inventory, before anything of it is. */
  async #announce(addon: AddonPlan): Promise<void> {
    const known = this.#inventory.get(addon.name);
    const members = new Map<ObjectKey, Member>(known?.members ?? []);
    for (const operation of addon.operations) {
      if (!WRITES.has(operation.op)) continue;
      const before = members.get(operation.key);
      members.set(operation.key, before ?? memberOf(operation, this.#live.get(operation.key)?.metadata.uid ?? null));
    }
    if (known !== undefined && [...members.keys()].every((key) => known.members.has(key))) return;
    if (members.size === 0) return;
    const status: AddonStatus = {
      sync: "Progressing",
      health: "InProgress",
      reason: "it is being applied",
      objects: members.size,
      healthy: 0,
    };
    await this.#write(addon, [...members.values()], known?.digest ?? null, status);
  }

  async #write(addon: AddonPlan, members: readonly Member[], digest: string | null, status: AddonStatus): Promise<void> {
    const known = this.#inventory.get(addon.name);
    const record = {
      name: addon.name,
      cluster: this.#plan.cluster,
      commit: addon.state === "apply" || addon.state === "removed" ? this.#plan.commit : (known?.commit ?? null),
      digest,
      dependsOn: addon.dependsOn,
      members: [...members].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      status,
      tooling: this.#options.tooling,
    };
    const recorded = await writeRecord(this.#client, record, known);
    this.#inventory.set(addon.name, recorded.known);
  }

  /** One addon, after those it depends on. */
  async #addon(addon: AddonPlan, before: readonly Promise<void>[]): Promise<void> {
    await Promise.all(before);
    const writes = addon.operations.filter((operation) => WRITES.has(operation.op) && !this.#outcomes.has(operation));
    if (writes.length === 0) return;
    if (addon.changed) {
      const hindrance = await this.#dependenciesHealthy(addon);
      if (hindrance !== undefined) {
        for (const operation of writes) this.#end(operation, { result: "waiting", message: hindrance });
        return;
      }
    }
    for (const phase of ["configuration", "workloads", "webhooks"] as const) {
      const failed = addon.operations.find((operation) => this.#outcomes.get(operation)?.result === "failed");
      const due = addon.operations.filter((operation) => operation.phase === phase && WRITES.has(operation.op));
      if (due.length === 0) continue;
      if (phase === "webhooks" && due.some(({ op }) => op === "create")) {
        // A webhook whose server does not answer yet stops everybody.
        const why = failed === undefined ? await this.#workloadsHealthy(addon) : `${describeRef(failed.ref)} failed`;
        if (why !== undefined) {
          for (const operation of due) this.#end(operation, { result: "waiting", message: `webhooks come last: ${why}` });
          continue;
        }
      }
      await this.#phase(addon, phase);
    }
  }

  /** A phase that all addons go through together: those that have something in it. */
  async #first(addons: readonly AddonPlan[], phase: Phase, announced: ReadonlyMap<string, Promise<void>>): Promise<void> {
    const due = addons.filter((addon) => addon.operations.some((each) => each.phase === phase && WRITES.has(each.op)));
    if (due.length === 0) return;
    // Also what the others announce: nobody's failure is left unheard while these are worked on.
    await Promise.all(announced.values());
    await Promise.all(due.map((addon) => this.#phase(addon, phase)));
  }

  async #phase(addon: AddonPlan, phase: Phase): Promise<void> {
    await Promise.all(
      addon.operations.map(async (operation) => {
        if (operation.phase !== phase || !WRITES.has(operation.op)) return;
        await this.#perform(operation);
      }),
    );
  }

  async #perform(operation: Operation): Promise<void> {
    if (operation.op !== "create" && operation.op !== "update" && operation.op !== "adopt" && operation.op !== "replace") return;
    const desired = this.#wanted.get(operation.key);
    const resource = this.#discovery.served(operation.ref);
    if (desired === undefined) throw new Error(`the plan is of another release: ${operation.key}`);
    if (resource === undefined) {
      this.#end(operation, { result: "waiting", message: `the cluster does not serve ${operation.ref.kind} yet` });
      return;
    }
    const outcome = await perform(operation, desired, resource, this.#observed.live.get(operation.key), this.#context());
    if (outcome.object !== undefined) this.#live.set(operation.key, outcome.object);
    this.#end(operation, outcome);
  }

  #context(): PerformContext {
    const { reveal, signal } = this.#options;
    return { client: this.#client, cluster: this.#plan.cluster, reveal, patience: Math.min(this.#timeout, 60_000), signal };
  }

  #end(operation: Operation, outcome: Outcome): void {
    this.#outcomes.set(operation, outcome);
    this.#options.onOperation?.(operation, outcome);
    const event = eventOf(operation, outcome);
    if (event === undefined) return;
    const uid = outcome.object?.metadata.uid ?? ("uid" in operation ? operation.uid : null);
    this.#events.push(tell(this.#client, { ref: operation.ref, uid, ...event }, this.#options.now()));
  }

  /** Waits for the definitions that this pass made or changed, and learns what they serve. */
  async #definitionsEstablished(addons: readonly AddonPlan[]): Promise<void> {
    const made = addons.flatMap((addon) => addon.operations.filter((each) => each.phase === "definitions" && WRITES.has(each.op)));
    const due = made.filter((operation) => this.#outcomes.get(operation)?.result !== "failed");
    if (due.length === 0) return;
    await this.#until(
      due.map(({ key }) => key),
      "CustomResourceDefinitions are not established yet",
    );
    const unserved = (): boolean =>
      addons.some((addon) =>
        addon.operations.some(
          (each) => each.op === "create" && this.#isOfDefinition(each) && this.#discovery.served(each.ref) === undefined,
        ),
      );
    const until = performance.now() + Math.min(this.#timeout, 30_000);
    do {
      this.#discovery = await discover(this.#client);
      if (!unserved()) return;
      await wait(200, undefined, { signal: this.#options.signal });
    } while (performance.now() < until);
  }

  #isOfDefinition(operation: Operation): boolean {
    return this.#observed.discovery.served(operation.ref) === undefined;
  }

  /** Why an addon's dependencies do not let it begin, after the timeout. */
  async #dependenciesHealthy(addon: AddonPlan): Promise<string | undefined> {
    const problems: string[] = [];
    for (const name of addon.dependsOn) {
      const other = this.#plan.addons.find((each) => each.name === name);
      if (other === undefined || other.state === "failed" || other.state === "refused") {
        problems.push(`it depends on addon ${name}, which is ${other === undefined ? "not there" : other.state}`);
        continue;
      }
      if (other.state === "suspended") continue;
      const stopped = other.operations.find((each) => each.op === "refuse" || this.#outcomes.get(each)?.result === "failed");
      if (stopped !== undefined && stopped.op !== "prune" && this.#wanted.has(stopped.key)) {
        problems.push(`it depends on addon ${name}, of which ${describeRef(stopped.ref)} is not applied`);
        continue;
      }
      const late = await this.#until(this.#keysOf(other), `addon ${addon.name} waits for addon ${name}`);
      if (late !== undefined) problems.push(`it depends on addon ${name}, of which ${late}`);
    }
    return problems.length === 0 ? undefined : problems.join("; ");
  }

  async #workloadsHealthy(addon: AddonPlan): Promise<string | undefined> {
    const keys = addon.operations.filter((each) => each.phase === "workloads" && this.#wanted.has(each.key)).map(({ key }) => key);
    return await this.#until(keys, `webhooks of addon ${addon.name} wait for its workloads`);
  }

  async #allHealthy(addons: readonly AddonPlan[]): Promise<void> {
    for (const addon of addons) await this.#until(this.#keysOf(addon), `addon ${addon.name} is not healthy yet`);
  }

  /** The objects of an addon that it is healthy by. */
  #keysOf(addon: AddonPlan): readonly ObjectKey[] {
    return addon.operations.filter(({ key, op }) => this.#wanted.has(key) && op !== "prune" && op !== "orphan").map(({ key }) => key);
  }

  /** Reads objects until all are healthy. Gives what is not when the time is over; what has failed is not waited for. */
  async #until(keys: readonly ObjectKey[], reason: string): Promise<string | undefined> {
    const until = performance.now() + this.#timeout;
    let pause = 100;
    let asked = false;
    try {
      for (;;) {
        const late: { readonly key: ObjectKey; readonly health: Health }[] = [];
        for (const key of keys) {
          const health = await this.#healthOf(key, keys);
          if (health !== null && health.state !== "Current") late.push({ key, health });
        }
        const [first] = late;
        if (first === undefined) return undefined;
        const words = `${describeRef(this.#refOf(first.key))}: ${first.health.reason}`;
        if (late.some(({ health }) => health.state === "Failed") || performance.now() + pause > until) return words;
        this.#options.onWait?.(`${reason}: ${words}`);
        asked = true;
        await wait(pause, undefined, { signal: this.#options.signal });
        pause = Math.min(pause * 1.5, 2000);
        await Promise.all(late.map(({ key }) => this.#reread(key)));
        await this.#health.refresh();
      }
    } finally {
      if (asked) this.#options.onWait?.(null);
    }
  }

  async #reread(key: ObjectKey): Promise<void> {
    const ref = this.#refOf(key);
    const resource = this.#discovery.served(ref);
    if (resource === undefined) return;
    const object = await this.#client.find({
      method: "GET",
      path: pathOf(resource, ref.namespace, ref.name),
      signal: this.#options.signal,
    });
    if (object === undefined) this.#live.delete(key);
    else if (isKubernetesObject(object)) this.#live.set(key, object);
  }

  #refOf(key: ObjectKey): Operation["ref"] {
    const desired = this.#wanted.get(key);
    if (desired === undefined) throw new Error(`no object of the release: ${key}`);
    return desired.ref;
  }

  /** null for what is suspended: its health is nobody's concern. */
  async #healthOf(key: ObjectKey, siblings: readonly ObjectKey[]): Promise<Health | null> {
    const desired = this.#wanted.get(key);
    const live = this.#live.get(key);
    if (desired !== undefined && isSuspended(desired.object)) return null;
    if (live === undefined) return { state: "NotFound", reason: "it is not there" };
    return isSuspended(live) ? null : await this.#health.of(live, desired?.object ?? live, siblings);
  }

  /** Hands back what the plan hands back. */
  async #release(addon: AddonPlan): Promise<void> {
    await Promise.all(
      addon.operations.map(async (operation) => {
        if (operation.op !== "orphan" || operation.how !== "release") return;
        const live = this.#live.get(operation.key);
        const resource = this.#discovery.anyVersion(operation.ref);
        if (live === undefined || resource === undefined) return;
        this.#end(operation, await release(operation, this.#wanted.get(operation.key), resource, live, this.#context()));
      }),
    );
  }

  /** Deletes what the plan prunes, rank after rank, if the addon was applied as a whole. */
  async #prune(addon: AddonPlan): Promise<void> {
    const due = addon.operations.filter((operation) => operation.op === "prune");
    if (due.length === 0) return;
    const stopped = addon.operations.find((operation) => {
      const result = this.#outcomes.get(operation)?.result;
      return WRITES.has(operation.op) && (result === "failed" || result === "waiting");
    });
    let hindrance =
      stopped === undefined ? undefined : `${describeRef(stopped.ref)} is not applied: ${this.#outcomes.get(stopped)?.message ?? ""}`;
    for (const rank of [...new Set(due.map((each) => each.rank))].sort((a, b) => a - b)) {
      const now = due.filter((each) => each.rank === rank);
      if (hindrance !== undefined) {
        for (const operation of now) this.#end(operation, { result: "waiting", message: `it is pruned later: ${hindrance}` });
        continue;
      }
      await Promise.all(
        now.map(async (operation) => {
          const resource = this.#discovery.anyVersion(operation.ref);
          let outcome: Outcome;
          try {
            outcome =
              resource === undefined
                ? { result: "waiting", message: "the cluster does not serve its kind any more" }
                : await remove(operation, resource, this.#context());
          } catch (error) {
            outcome = outcomeOf(error, isSecret({ ref: operation.ref, sealed: false }));
          }
          if (outcome.result === "done") this.#live.delete(operation.key);
          this.#end(operation, outcome);
        }),
      );
      const stuck = now.find((operation) => this.#outcomes.get(operation)?.result !== "done");
      if (stuck !== undefined) hindrance = `${describeRef(stuck.ref)} is still there`;
    }
  }

  /** Writes what an addon came to, and says it. */
  async #finish(addon: AddonPlan): Promise<AppliedAddon> {
    const keys = this.#keysOf(addon);
    const operations: AppliedOperation[] = [];
    for (const operation of addon.operations) {
      if (operation.reason === NOT_LOOKED_AT) {
        operations.push(this.#options.known?.get(operation.key) ?? { operation, outcome: passiveOutcome(operation), health: null });
        continue;
      }
      const health = this.#wanted.has(operation.key) ? await this.#healthOf(operation.key, keys) : null;
      operations.push({ operation, outcome: this.#outcomes.get(operation) ?? passiveOutcome(operation), health });
    }
    const status = statusOf(addon, operations);
    if (addon.state === "apply" || addon.state === "removed") await this.#conclude(addon, operations, status);
    else {
      const known = this.#inventory.get(addon.name);
      // Only what it is called changes: what it has is not touched.
      if (known !== undefined) await this.#write(addon, [...known.members.values()], known.digest, status);
    }
    return { name: addon.name, state: addon.state, status, operations };
  }

  async #conclude(addon: AddonPlan, operations: readonly AppliedOperation[], status: AddonStatus): Promise<void> {
    const known = this.#inventory.get(addon.name);
    const members = new Map<ObjectKey, Member>(known?.members ?? []);
    for (const { operation, outcome } of operations) {
      const uid = this.#live.get(operation.key)?.metadata.uid ?? null;
      const before = members.get(operation.key);
      if (operation.op === "prune") {
        if (outcome.result === "done") members.delete(operation.key);
      } else if (operation.op === "orphan") {
        if (outcome.result === "done" || outcome.result === "unchanged") members.delete(operation.key);
      } else if (!this.#wanted.has(operation.key)) {
        if (operation.op === "skip" && before === undefined) members.delete(operation.key);
      } else if (
        WRITES.has(operation.op) ? outcome.result === "done" || outcome.result === "unchanged" : operation.op === "skip" && uid !== null
      )
        members.set(operation.key, memberOf(operation, uid));
    }
    // What moved to another addon is that one's.
    for (const key of members.keys())
      if (this.#wanted.has(key) && !operations.some(({ operation }) => operation.key === key)) members.delete(key);
    if (members.size === 0 && addon.state === "removed") {
      const empty = this.#inventory.get(addon.name);
      if (empty !== undefined) await deleteRecord(this.#client, empty);
      this.#inventory.delete(addon.name);
      return;
    }
    if (members.size === 0 && known === undefined && this.#addons.get(addon.name)?.state !== "complete") return;
    const whole = operations.every(
      ({ operation, outcome }) =>
        operation.op !== "refuse" && operation.op !== "wait" && (outcome.result === "done" || outcome.result === "unchanged"),
    );
    await this.#write(addon, [...members.values()], whole ? addon.digest : null, status);
  }
}

function memberOf({ ref, mode }: Operation, uid: string | null): Member {
  return { group: ref.group, kind: ref.kind, namespace: ref.namespace, name: ref.name, mode, uid };
}

function passiveOutcome({ op, reason }: Operation): Outcome {
  if (op === "refuse") return { result: "failed", message: reason };
  return { result: op === "wait" ? "waiting" : "unchanged", message: "" };
}

/** What an addon's operations and health come to: the first thing to look at stands in `reason`. */
export function statusOf(addon: AddonPlan, operations: readonly AppliedOperation[]): AddonStatus {
  const healths = operations.flatMap(({ operation, health }) => (health === null ? [] : [{ health, operation }]));
  const health = worst(healths.map((each) => each.health));
  const counts = { objects: healths.length, healthy: healths.filter((each) => each.health.state === "Current").length };
  const first = (result: Outcome["result"]): string | undefined => {
    const found = operations.find(({ outcome }) => outcome.result === result);
    if (found === undefined) return undefined;
    return `${describeRef(found.operation.ref)}: ${found.outcome.message === "" ? found.operation.reason : found.outcome.message}`;
  };
  const ill = healths.find((each) => each.health === health);
  const illness = health.state === "Current" || ill === undefined ? "" : `${describeRef(ill.operation.ref)}: ${health.reason}`;
  if (addon.state === "failed") return { sync: "Failed", health: "Unknown", reason: addon.why, ...counts };
  if (addon.state === "suspended") return { sync: "Suspended", health: health.state, reason: addon.why, ...counts };
  if (addon.state === "refused") return { sync: "Refused", health: health.state, reason: addon.why, ...counts };
  const refused = operations.find(({ operation }) => operation.op === "refuse");
  if (refused !== undefined)
    return {
      sync: "Refused",
      health: health.state,
      reason: `${describeRef(refused.operation.ref)}: ${refused.operation.reason}`,
      ...counts,
    };
  const failed = first("failed");
  if (failed !== undefined) return { sync: "Failed", health: health.state, reason: failed, ...counts };
  const waiting = first("waiting");
  if (waiting !== undefined) return { sync: "Waiting", health: health.state, reason: waiting, ...counts };
  return { sync: "Synced", health: health.state, reason: illness, ...counts };
}

const DONE_WORDS: Readonly<Partial<Record<Operation["op"], string>>> = {
  create: "Created",
  update: "Updated",
  adopt: "Adopted",
  replace: "Replaced",
  prune: "Pruned",
  orphan: "HandedBack",
};

function eventOf(
  operation: Operation,
  outcome: Outcome,
): { readonly type: "Normal" | "Warning"; readonly reason: string; readonly message: string } | undefined {
  if (outcome.result === "done") {
    const reason = DONE_WORDS[operation.op];
    return reason === undefined ? undefined : { type: "Normal", reason, message: `addon ${operation.addon}: ${operation.reason}` };
  }
  if (outcome.result === "failed")
    return { type: "Warning", reason: "ApplyFailed", message: `addon ${operation.addon}: ${outcome.message}` };
  return undefined;
}
