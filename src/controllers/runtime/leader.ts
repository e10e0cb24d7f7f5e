import {
  Resource,
  statusOf,
  type Api,
  type Clock,
  type KubernetesObject,
  type Log,
  type Random,
  type ResourceType,
} from "../../kubernetes/index.ts";

/** A Lease of coordination.k8s.io/v1, as far as leaders need it. */
export interface Lease extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    /** In seconds. */
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

export const LEASES: ResourceType = { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true };

export interface LeaderOptions {
  readonly api: Api;
  readonly namespace: string;
  readonly name: string;
  /** Differs between all that stand for election: the pod's name, say. */
  readonly identity: string;
  /** Others take the Lease no sooner after its last renewal, in milliseconds. Default: 15 s. */
  readonly duration?: number;
  /** Who can't renew it for so long leads no more. Shorter than the duration. Default: 10 s. */
  readonly deadline?: number;
  /** Between tries. Default: 2 s. */
  readonly retry?: number;
  /** Who has enough to do leaves a Lease that nobody holds to others for so long, in milliseconds, before taking it. Default: not at all. */
  readonly hesitate?: () => number;
  /** Asked at each look at a Lease that another holds: whether that one is to be asked for it. Default: no. */
  readonly wants?: () => boolean;
  /** Asked at each renewal, where another has asked for the Lease: whether to end the work and leave it to that one. Default: no. */
  readonly yields?: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const never = (): boolean => false;

/** The annotation of a Lease with the identity of who asks its holder for it. It goes when the Lease is taken, or is not wanted any more. */
export const WANTED_BY = "halite.dev/wanted-by";

/** What was last seen of a Lease, and when by one's own clock: others' clocks are not believed. */
interface Seen {
  readonly lease: Lease;
  readonly at: number;
}

/**
 * Leader election by a Lease, as client-go's leaderelection does it: at most one of all that stand for election works at a time, as long as no
 * clock runs more than half as fast again as another.
 */
export class Leader {
  readonly #options: Required<LeaderOptions>;
  readonly #leases: Resource<Lease>;
  #seen: Seen | undefined;
  #leads = false;
  /** Since when nobody holds the Lease, as far as was seen. */
  #freeSince: number | undefined;

  constructor(options: LeaderOptions) {
    this.#options = { duration: 15_000, deadline: 10_000, retry: 2000, hesitate: () => 0, wants: never, yields: never, ...options };
    this.#leases = new Resource<Lease>(options.api, LEASES);
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Who holds the Lease, as far as is known. */
  get holder(): string | undefined {
    return this.#seen?.lease.spec?.holderIdentity;
  }

  /**
   * Waits to be the leader, then works; gives the Lease back when the work is done, the signal is given, or it is left to who has asked for it.
   * Whether the work ended of itself or for who has asked ("done"): the work's signal is given when the Lease is lost, and then whoever works has
   * to be gone within `duration - deadline`. Who leaves the Lease to another holds it until the work has ended.
   *
   * @throws what the work throws
   */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<"done" | "lost" | "stopped"> {
    const { clock, log, retry, random, identity } = this.#options;
    while (!(await this.#tryToHold(signal))) {
      if (signal.aborted) return "stopped";
      await clock.sleep(retry * (1 + 0.2 * random()), signal);
    }
    log.info("leads", { identity });
    this.#leads = true;
    const stop = new AbortController();
    const renewing = new AbortController();
    const stopAll = (): void => stop.abort();
    signal.addEventListener("abort", stopAll, { once: true });
    if (signal.aborted) stop.abort();
    let lost = false;
    const keep = async (): Promise<void> => {
      if (await this.#renew(renewing.signal, stopAll)) return;
      lost = true;
      this.#leads = false;
      log.error("the Lease is lost", { identity, holder: this.holder });
      stop.abort();
    };
    const renewal = keep();
    try {
      await work(stop.signal);
    } finally {
      signal.removeEventListener("abort", stopAll);
      renewing.abort();
      await renewal;
      this.#leads = false;
      if (!lost) await this.#release();
    }
    return lost ? "lost" : signal.aborted ? "stopped" : "done";
  }

  /** Renews until the signal is given; false as soon as it could not be for too long, or somebody else has it. Ends the work for who asks. */
  async #renew(signal: AbortSignal, end: () => void): Promise<boolean> {
    const { clock, retry, deadline, yields, identity, log } = this.#options;
    let renewed = clock.monotonic();
    let left = false;
    while (!signal.aborted) {
      await clock.sleep(retry, signal);
      if (signal.aborted) return true;
      const begun = clock.monotonic();
      const limit = new AbortController();
      const stop = (): void => limit.abort();
      signal.addEventListener("abort", stop, { once: true });
      const inTime = clock.after(renewed + deadline - begun, stop);
      const held = await this.#tryToHold(limit.signal);
      inTime();
      signal.removeEventListener("abort", stop);
      if (held) {
        renewed = begun;
        const by = wantedBy(this.#seen?.lease);
        if (left || by === undefined || by === identity || !yields()) continue;
        left = true;
        log.info("leaves the Lease to who has asked for it", { identity, to: by });
        end();
      } else if (!signal.aborted && (this.#isOthers() || clock.monotonic() - renewed >= deadline)) return false;
    }
    return true;
  }

  #isOthers(): boolean {
    const holder = this.holder;
    return holder !== undefined && holder !== "" && holder !== this.#options.identity;
  }

  /** Takes or renews the Lease where that may be done. Whether it is held now. */
  async #tryToHold(signal: AbortSignal): Promise<boolean> {
    const { namespace, name, identity, duration, clock, log } = this.#options;
    if (signal.aborted) return false;
    try {
      const found = await this.#within(this.#leases.find(name, namespace), signal);
      if (found === undefined) {
        if (this.#leaves()) return false;
        await this.#within(this.#leases.create(this.#mine(undefined)), signal).then((lease) => this.#see(lease));
        return true;
      }
      this.#see(found);
      const held = found.spec?.holderIdentity ?? "";
      const length = (found.spec?.leaseDurationSeconds ?? duration / 1000) * 1000;
      if (held !== identity) {
        if (held !== "" && clock.monotonic() < (this.#seen?.at ?? 0) + length) {
          this.#freeSince = undefined;
          await this.#ask(found, signal);
          return false;
        }
        if (this.#leaves(wantedBy(found))) return false;
      }
      this.#freeSince = undefined;
      this.#see(await this.#within(this.#leases.update(this.#mine(found)), signal));
      return true;
    } catch (error) {
      // 409: another was faster, which the next look will show.
      if (statusOf(error) !== 409 && !signal.aborted) log.warn("the Lease can't be had", { lease: `${namespace}/${name}`, error });
      return false;
    }
  }

  /** Writes on another's Lease that it is wanted, or that it is not any more. Nobody is asked twice at once. */
  async #ask(found: Lease, signal: AbortSignal): Promise<void> {
    const { identity, wants } = this.#options;
    const by = wantedBy(found);
    if (by !== undefined && by !== identity) return;
    const wanted = wants();
    if (wanted === (by === identity)) return;
    const { [WANTED_BY]: _by, ...others } = found.metadata.annotations ?? {};
    const annotations = wanted ? { ...others, [WANTED_BY]: identity } : others;
    this.#see(await this.#within(this.#leases.update({ ...found, metadata: { ...found.metadata, annotations } }), signal));
  }

  /** Whether a Lease that nobody holds is left to others for now: to who has asked for it as long as a Lease lasts, should that one be no more. */
  #leaves(by?: string): boolean {
    const { clock, hesitate, identity, duration } = this.#options;
    const now = clock.monotonic();
    this.#freeSince ??= now;
    if (by === identity) return false;
    return now - this.#freeSince < Math.max(hesitate(), by === undefined ? 0 : duration);
  }

  /** An answer that comes too late is none: by then it may be another's turn. */
  async #within<A>(answer: Promise<A>, signal: AbortSignal): Promise<A> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error("no answer in time"));
      if (signal.aborted) late();
      signal.addEventListener("abort", late, { once: true });
      answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", late));
    });
  }

  #see(lease: Lease): void {
    if (this.#seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion)
      this.#seen = { lease, at: this.#options.clock.monotonic() };
  }

  #mine(found: Lease | undefined): Lease {
    const { namespace, name, identity, duration, clock } = this.#options;
    // MicroTime has six places.
    const now = clock.date().toISOString().replace("Z", "000Z");
    const own = found?.spec?.holderIdentity === identity;
    const { [WANTED_BY]: _by, ...others } = found?.metadata.annotations ?? {};
    const transitions = found?.spec?.leaseTransitions ?? 0;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: found === undefined ? { name, namespace } : own ? found.metadata : { ...found.metadata, annotations: others },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(duration / 1000),
        acquireTime: (own ? found.spec?.acquireTime : undefined) ?? now,
        renewTime: now,
        leaseTransitions: own || found === undefined ? transitions : transitions + 1,
      },
    };
  }

  /** So that the next one need not wait. */
  async #release(): Promise<void> {
    const { identity, namespace, name, log } = this.#options;
    let lease = this.#seen?.lease;
    try {
      while (lease?.spec?.holderIdentity === identity) {
        try {
          this.#see(await this.#leases.update({ ...lease, spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 } }));
          return;
        } catch (error) {
          if (statusOf(error) !== 409) throw error;
        }
        // Somebody has asked for it meanwhile.
        lease = await this.#leases.find(name, namespace);
      }
    } catch (error) {
      log.warn("the Lease could not be given back", { error });
    }
  }
}

function wantedBy(lease: Lease | undefined): string | undefined {
  return lease?.metadata.annotations?.[WANTED_BY];
}
