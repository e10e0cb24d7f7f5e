import type { AppliedOperation, ApplyOptions, ApplyResult } from "./apply.ts";
import { applyPlan } from "./apply.ts";
import {
  ApiError,
  Informer,
  metadataOf,
  NO_LOG,
  sleepUntil,
  systemClock,
  UnreachableError,
  type ApiClient,
  type Clock,
  type KubernetesObject,
  type Log,
  type ObjectMeta,
  type Random,
} from "../kubernetes/index.ts";
import { discover, type ApiResource, type Discovery } from "./discovery.ts";
import { MODE_LABEL } from "./labels.ts";
import { observe, type ObserveOptions } from "./observe.ts";
import { makePlan, type Plan, type PlanOptions } from "./plan.ts";
import { keyOf, refOf, type Desired, type ObjectKey } from "./types.ts";

/** One look at the cluster and what was done then. */
export interface KeptPass {
  /** Everything, or what a watch told of. */
  readonly kind: "full" | "partial";
  readonly plan: Plan;
  /** null where the plan was refused as a whole. */
  readonly result: ApplyResult | null;
  readonly milliseconds: number;
}

export interface KeeperOptions {
  readonly observe?: Pick<ObserveOptions, "standing" | "reveal">;
  readonly plan?: PlanOptions;
  readonly apply: ApplyOptions;
  /** Milliseconds after which everything is looked at again, although no event told of anything; default ten minutes. */
  readonly resync?: number;
  /** Waits for leave to make a pass, and makes it; default: at once. Where many clusters are kept, not all are worked on at a time. */
  readonly turn?: <T>(pass: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** Default: `Math.random`. */
  readonly random?: Random;
  /** Told of watches that fail; default: nobody is. */
  readonly log?: Log;
  /** Milliseconds until the next try after so many failures in a row; default: 2 s, doubled each time up to 5 minutes, with jitter. */
  readonly retryAfter?: (failures: number) => number;
  readonly onPass?: (pass: KeptPass) => void;
  /** A pass that could not be made; it is tried again. */
  readonly onTrouble?: (error: ApiError | UnreachableError, again: number) => void;
}

/** Events that come together are one pass. */
const GATHER = 40;
/** Who would make a member that no inventory knows? It is looked for with a release, and then so often, in milliseconds: it takes a list of every kind. */
const LEFTOVERS = 3_600_000;
/** So long at least a watch is kept, in milliseconds, and up to twice that: each of them begun anew costs as much as five minutes of it. */
const WATCH = 1_800_000;
/** Status changes are for the Addon only: they can wait. */
const GATHER_STATUS = 1500;
const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 300_000;

/** What was last seen of an object: enough to tell a change of its status from one of what it should be. */
interface Seen {
  readonly uid: string;
  readonly generation: number | undefined;
  /** Labels and annotations; of kinds without generation the version, as nothing else tells a change. */
  readonly rest: string;
}

/**
 * Keeps one cluster as a release says: a full pass, then watches of metadata alone, and a pass over the objects that changed as soon as they do. An idle
 * cluster costs its open watches and a full pass each resync.
 */
export class ClusterKeeper {
  readonly #client: ApiClient;
  readonly #options: KeeperOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  #desired: Desired;
  #known = new Map<ObjectKey, AppliedOperation>();
  readonly #verified = new Map<ObjectKey, string>();
  readonly #seen = new Map<ObjectKey, Seen>();
  readonly #dirty = new Set<ObjectKey>();
  readonly #ailing = new Set<ObjectKey>();
  #ailingSince: number | undefined;
  readonly #watched = new Map<string, AbortController>();
  readonly #watches = new Set<Promise<void>>();
  #discovery: Discovery | undefined;
  #full = true;
  /** When members that no inventory knows are to be looked for again. */
  #leftoversDue = -Infinity;
  #failures = 0;
  #wake: (() => void) | undefined;

  constructor(client: ApiClient, desired: Desired, options: KeeperOptions) {
    this.#client = client;
    this.#desired = desired;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  /** Another release: everything is looked at again. */
  want(desired: Desired): void {
    this.#desired = desired;
    this.#verified.clear();
    this.#leftoversDue = -Infinity;
    this.#again();
  }

  /** Looks at everything again as soon as it can. */
  #again(): void {
    this.#full = true;
    this.#wake?.();
  }

  /** Works until the signal comes. @throws FindingError where the cluster is another one */
  async run(signal: AbortSignal): Promise<void> {
    try {
      let next = 0;
      while (!signal.aborted) {
        const full = this.#full || this.#clock.monotonic() >= next;
        const only = full ? undefined : new Set([...this.#dirty, ...this.#ailing]);
        if (full || (only?.size ?? 0) > 0) {
          this.#full = false;
          this.#dirty.clear();
          this.#ailing.clear();
          this.#ailingSince = undefined;
          const turn = this.#options.turn ?? (async (pass) => await pass());
          const delay = await turn(() => this.#pass(only, signal), signal);
          if (full) next = this.#clock.monotonic() + (delay ?? this.#resync());
          else if (delay !== undefined) next = Math.min(next, this.#clock.monotonic() + delay);
        }
        await this.#idle(next, signal);
      }
    } finally {
      for (const controller of this.#watched.values()) controller.abort();
      this.#watched.clear();
      await Promise.allSettled(this.#watches);
    }
  }

  #resync(): number {
    const whole = this.#options.resync ?? 600_000;
    return whole * (0.9 + this.#random() * 0.2);
  }

  /** Waits until something is to be looked at: what changes together is looked at together. */
  async #idle(next: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#full && this.#dirty.size === 0) {
      const until = Math.min(next, this.#ailingSince === undefined ? Infinity : this.#ailingSince + GATHER_STATUS);
      const milliseconds = until - this.#clock.monotonic();
      if (milliseconds <= 0) return;
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await sleepUntil(this.#clock, milliseconds, [signal, woken.signal]);
      this.#wake = undefined;
    }
    if (!this.#full && this.#dirty.size > 0) await this.#clock.sleep(GATHER, signal);
  }

  /** One pass. Gives after how many milliseconds another full one is due, where that is sooner than the resync. */
  async #pass(only: ReadonlySet<ObjectKey> | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (signal.aborted) return undefined;
    const begun = this.#clock.monotonic();
    const desired = this.#desired;
    const leftovers = only === undefined && begun >= this.#leftoversDue;
    try {
      if (only === undefined || this.#discovery === undefined) this.#discovery = await discover(this.#client);
      const observed = await observe(this.#client, desired, {
        ...this.#options.observe,
        only,
        discovery: this.#discovery,
        verified: this.#verified,
        leftovers,
        signal,
      });
      // What was found is gone, or not, by the next full pass.
      if (leftovers && desired === this.#desired) this.#leftoversDue = observed.leftovers.length > 0 ? -Infinity : begun + LEFTOVERS;
      const plan = makePlan(this.#client.server, desired, observed, { ...this.#options.plan, only });
      const result =
        plan.refused.length > 0
          ? null
          : await applyPlan(this.#client, plan, desired, observed, { ...this.#options.apply, known: this.#known, signal });
      if (only === undefined) await this.#watchKinds(signal);
      for (const addon of result?.addons ?? []) {
        for (const each of addon.operations) {
          this.#known.set(each.operation.key, slim(each));
          // What a watch tells of a write of ours is no news.
          if (each.outcome.object !== undefined) this.#seen.set(each.operation.key, seenOf(each.outcome.object.metadata));
        }
      }
      this.#failures = 0;
      this.#options.onPass?.({
        kind: only === undefined ? "full" : "partial",
        plan,
        result,
        milliseconds: this.#clock.monotonic() - begun,
      });
      // What waits or failed is tried again before the resync, less and less often.
      const open = result === null || result.addons.some(({ status }) => status.sync === "Waiting" || status.sync === "Failed");
      return open ? 30_000 : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof ApiError) && !(error instanceof UnreachableError)) throw error;
      this.#failures += 1;
      const delay = this.#options.retryAfter?.(this.#failures) ?? retryAfter(this.#failures, this.#random);
      this.#options.onTrouble?.(error, delay);
      this.#full = false;
      this.#dirty.clear();
      return delay;
    }
  }

  /** Watches the kinds of the release that are served, and no others. */
  async #watchKinds(signal: AbortSignal): Promise<void> {
    const discovery = this.#discovery;
    if (discovery === undefined) return;
    const wanted = new Map<string, ApiResource>();
    for (const addon of this.#desired.addons) {
      for (const { ref } of addon.state === "complete" ? addon.objects : []) {
        const resource = discovery.served(ref);
        if (resource?.verbs.includes("watch") === true) wanted.set(`${resource.group}/${resource.version}/${resource.plural}`, resource);
      }
    }
    for (const [name, controller] of this.#watched) {
      if (wanted.has(name)) continue;
      controller.abort();
      this.#watched.delete(name);
    }
    for (const [name, resource] of wanted) {
      if (this.#watched.has(name)) continue;
      const controller = new AbortController();
      this.#watched.set(name, controller);
      const watch = this.#watch(resource, AbortSignal.any([signal, controller.signal]));
      this.#watches.add(watch);
    }
  }

  async #watch(resource: ApiResource, signal: AbortSignal): Promise<void> {
    const informer = new Informer<KubernetesObject>({
      resource: metadataOf(this.#client, resource),
      selection: { labelSelector: MODE_LABEL },
      // What is to be looked at again is the keeper's to say.
      resync: 0,
      watch: WATCH * (1 + this.#random()),
      clock: this.#clock,
      random: this.#random,
      log: this.#options.log ?? NO_LOG,
    });
    informer.on(({ type, object }) => this.#look(keyOf(refOf(object)), type === "deleted" ? null : object.metadata));
    await informer.run(signal);
  }

  #look(key: ObjectKey, metadata: ObjectMeta | null): void {
    const before = this.#seen.get(key);
    if (!this.#known.has(key)) {
      if (metadata !== null) this.#seen.set(key, seenOf(metadata));
      return;
    }
    if (metadata === null) {
      this.#seen.delete(key);
      this.#dirty.add(key);
      this.#wake?.();
      return;
    }
    const now = seenOf(metadata);
    this.#seen.set(key, now);
    const stamp = `${metadata.uid ?? ""} ${metadata.resourceVersion ?? ""} `;
    if (before === undefined && this.#verified.get(key)?.startsWith(stamp) === true) return;
    if (before !== undefined && before.uid === now.uid && before.generation === now.generation && before.rest === now.rest) {
      this.#ailing.add(key);
      this.#ailingSince ??= this.#clock.monotonic();
    } else this.#dirty.add(key);
    this.#wake?.();
  }
}

function retryAfter(failures: number, random: Random): number {
  const whole = Math.min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY);
  return whole / 2 + (random() * whole) / 2;
}

function seenOf({ uid = "", generation, resourceVersion = "", labels, annotations, deletionTimestamp }: ObjectMeta): Seen {
  const details = generation === undefined ? resourceVersion : `${JSON.stringify([labels, annotations])}${deletionTimestamp ?? ""}`;
  return { uid, generation, rest: details };
}

/** Without what was only for telling people. */
function slim({ operation, outcome, health }: AppliedOperation): AppliedOperation {
  const { result, message } = outcome;
  const bare =
    operation.op === "update" || operation.op === "adopt" ? { ...operation, changes: [], conflicts: [], comparison: null } : operation;
  return { operation: bare, outcome: { result, message }, health };
}
