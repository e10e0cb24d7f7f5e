import { Resource, statusOf, type Api, type Clock, type KubernetesObject, type Log, type ResourceType } from "../../kubernetes/index.ts";

/** An Event of the core API, which `kubectl describe` shows. */
interface CoreEvent extends KubernetesObject {
  readonly count?: number;
}

const EVENTS: ResourceType = { group: "", version: "v1", plural: "events", kind: "Event", namespaced: true };

export interface EventOptions {
  readonly api: Api;
  /** `local-volume-provisioner`. */
  readonly component: string;
  /** The node's or pod's name. */
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What there is to say of an object. `reason`: one word in CamelCase, the same for the same thing. */
export interface ObjectEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** The API takes 1 KiB of a message. */
const LONGEST = 1000;
/** An event that is said again within so many milliseconds is counted up instead. */
const SAME = 600_000;
/** So many different events are remembered. */
const MOST = 1000;
/** So many at most in a burst about one object, and after it one in so many milliseconds. */
const BURST = 25;
const REFILL = 30_000;

/** Tells of objects in the cluster. What is told again is counted up; who tells too much of one object is cut short. */
export class EventRecorder {
  readonly #options: EventOptions;
  readonly #events: Resource<CoreEvent>;
  readonly #known = new Map<string, { readonly name: string; readonly namespace: string; count: number; at: number }>();
  readonly #budgets = new Map<string, { left: number; at: number }>();
  /** What is to be told still; more than `MOST`, of a server that answers slowly or not at all, is left out. */
  #waiting = 0;
  /** One after the other, so that counts stay in order. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: EventOptions) {
    this.#options = options;
    this.#events = new Resource<CoreEvent>(options.api, EVENTS);
  }

  /** Done when it was told, or could not be: an event that can't be written is no failure. */
  tell(object: KubernetesObject, event: ObjectEvent): Promise<void> {
    if (this.#waiting >= MOST) return this.#last;
    this.#waiting += 1;
    const told = this.#tellAfter(this.#last, object, event);
    this.#last = told;
    return told;
  }

  async #tellAfter(before: Promise<void>, object: KubernetesObject, event: ObjectEvent): Promise<void> {
    await before;
    await this.#tell(object, event);
    this.#waiting -= 1;
  }

  /** Once all that was told is written. */
  get idle(): Promise<void> {
    return this.#last;
  }

  async #tell(object: KubernetesObject, { type, reason, message }: ObjectEvent): Promise<void> {
    const { clock, component, log } = this.#options;
    const { uid = "", name, namespace = "default" } = object.metadata;
    const key = JSON.stringify([object.kind, namespace, name, uid, type, reason, message]);
    if (!this.#mayTell(`${object.kind}/${namespace}/${name}`)) return;
    const now = `${clock.date().toISOString().slice(0, 19)}Z`;
    try {
      const known = this.#known.get(key);
      if (known !== undefined && clock.monotonic() - known.at < SAME) {
        const patched = await this.#count(known, now);
        if (patched) return;
      }
      const made = await this.#events.create({
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: "", namespace, generateName: `${name.slice(0, 200)}.` },
        involvedObject: {
          apiVersion: object.apiVersion,
          kind: object.kind,
          name,
          ...(object.metadata.namespace === undefined ? {} : { namespace }),
          ...(uid === "" ? {} : { uid }),
          ...(object.metadata.resourceVersion === undefined ? {} : { resourceVersion: object.metadata.resourceVersion }),
        },
        type,
        reason,
        message: message.length > LONGEST ? `${message.slice(0, LONGEST - 1)}…` : message,
        source: { component, host: this.#options.host },
        reportingComponent: component,
        reportingInstance: this.#options.host,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      });
      if (this.#known.size >= MOST) this.#known.clear();
      this.#known.set(key, { name: made.metadata.name, namespace, count: 1, at: clock.monotonic() });
    } catch (error) {
      log.warn("an event could not be written", { reason, object: `${namespace}/${name}`, error });
    }
  }

  /** False where the event is not there any more. */
  async #count(known: { readonly name: string; readonly namespace: string; count: number; at: number }, now: string): Promise<boolean> {
    try {
      known.count += 1;
      await this.#events.merge(known.name, known.namespace, { count: known.count, lastTimestamp: now });
      known.at = this.#options.clock.monotonic();
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  #mayTell(object: string): boolean {
    const now = this.#options.clock.monotonic();
    if (this.#budgets.size >= MOST) this.#budgets.clear();
    const budget = this.#budgets.get(object) ?? { left: BURST, at: now };
    const refilled = Math.floor((now - budget.at) / REFILL);
    budget.left = Math.min(BURST, budget.left + refilled);
    budget.at += refilled * REFILL;
    this.#budgets.set(object, budget);
    if (budget.left === 0) return false;
    budget.left -= 1;
    return true;
  }
}
