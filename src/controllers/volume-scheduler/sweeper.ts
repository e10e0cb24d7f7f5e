import type { KubernetesObject } from "../../kubernetes/index.ts";
import { statusOf, type Clock, type Log, type Resource } from "../runtime/index.ts";
import { dropReservation, freeVolume } from "./binder.ts";
import type { Inventory } from "./inventory.ts";
import type { Claim, Volume } from "./objects.ts";

export interface SweeperOptions {
  readonly inventory: Inventory;
  readonly volumes: Resource<KubernetesObject>;
  readonly claims: Resource<KubernetesObject>;
  /** Whether a claim is being bound by this process. */
  readonly busy: (claim: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** A hold that has not changed for so long, in milliseconds, is nobody's any more. Default: one minute. */
  readonly ttl?: number;
  readonly freed?: (why: "expired" | "needless") => void;
}

/** Looks at holds so often. */
const EVERY = 2000;
/** A hold whose claim has its volume is let be for so long, in milliseconds: whoever made it may be about to give it up. */
const NEEDLESS = 10_000;

interface Seen {
  readonly version: string;
  readonly at: number;
}

/**
 * Frees what schedulers that died have held. How old a hold is goes by this process' own clock, from when it was first seen as it is: others' clocks
 * are not believed.
 */
export class Sweeper {
  readonly #options: Required<Pick<SweeperOptions, "ttl">> & SweeperOptions;
  readonly #volumes = new Map<string, Seen>();
  readonly #claims = new Map<string, Seen>();

  constructor(options: SweeperOptions) {
    this.#options = { ttl: 60_000, ...options };
  }

  /** How many volumes are held, and claims promised a volume that nobody makes yet. */
  get holds(): number {
    return this.#volumes.size + this.#claims.size;
  }

  noteVolume({ name, version, holder }: Volume): void {
    if (holder.kind === "held") this.#note(this.#volumes, name, version);
    else this.#volumes.delete(name);
  }

  forgetVolume(name: string): void {
    this.#volumes.delete(name);
  }

  noteClaim({ key, version, reservation, selectedNode, volume }: Claim): void {
    if (reservation?.provision !== undefined && selectedNode === undefined && volume === undefined) this.#note(this.#claims, key, version);
    else this.#claims.delete(key);
  }

  forgetClaim(key: string): void {
    this.#claims.delete(key);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(EVERY, signal);
      if (!signal.aborted) await this.sweep();
    }
  }

  /** Frees what is to be freed now. */
  async sweep(): Promise<void> {
    const { inventory, clock, ttl, volumes, claims, busy } = this.#options;
    const now = clock.monotonic();
    for (const [name, { at, version }] of this.#volumes) {
      const volume = inventory.volume(name);
      if (volume?.holder.kind !== "held" || volume.version !== version || inventory.assumed(name) !== undefined) continue;
      const { reservation, uid } = volume.holder;
      const claim = reservation === undefined ? undefined : inventory.claim(`${reservation.claim.namespace}/${reservation.claim.name}`);
      if (claim !== undefined && claim.uid === uid && busy(claim.key)) continue;
      const needless = claim !== undefined && (claim.uid !== uid || claim.bound);
      if (now - at < (needless ? NEEDLESS : ttl)) continue;
      await this.#free(needless, name, () => freeVolume(volumes, volume));
    }
    for (const [key, { at, version }] of this.#claims) {
      const claim = inventory.claim(key);
      if (claim === undefined || claim.version !== version || busy(key) || now - at < ttl) continue;
      await this.#free(false, key, () => dropReservation(claims, claim));
    }
  }

  async #free(needless: boolean, name: string, act: () => Promise<void>): Promise<void> {
    const { log, freed } = this.#options;
    try {
      await act();
      log.info("a hold is freed", { name, why: needless ? "its claim has another volume" : "nobody has gone on with it" });
      freed?.(needless ? "needless" : "expired");
    } catch (error) {
      // Changed or gone meanwhile: then it is another hold, or none.
      if (statusOf(error) !== 409 && statusOf(error) !== 404) log.warn("a hold could not be freed", { name, error });
    }
  }

  #note(seen: Map<string, Seen>, name: string, version: string): void {
    if (seen.get(name)?.version !== version) seen.set(name, { version, at: this.#options.clock.monotonic() });
  }
}
