import type { JsonObject, KubernetesObject } from "../../kubernetes/index.ts";
import { statusOf, type Api, type Clock, type Log, type Resource } from "../runtime/index.ts";
import { onNode, prepare, type Place, type Request } from "./decide.ts";
import type { Inventory } from "./inventory.ts";
import { HELD, KUBERNETES, RESERVATION } from "./names.ts";
import { claimOf, podOf, volumeOf, type Claim, type Pod, type Volume } from "./objects.ts";
import { refusalOf } from "./place.ts";
import { formatReservation, type Reservation } from "./reservation.ts";

/** What kube-scheduler asks to be bound. */
export interface Binding {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
}

export interface BinderOptions {
  readonly inventory: Inventory;
  readonly api: Api;
  readonly volumes: Resource<KubernetesObject>;
  readonly claims: Resource<KubernetesObject>;
  readonly pods: Resource<KubernetesObject>;
  readonly clock: Clock;
  readonly log: Log;
  /** Until what was written has come back by the watch, in milliseconds. Default: 15 s. */
  readonly echo?: number;
  /** Until claims are bound, a volume made where one has to be, in milliseconds. Default: nine and a half minutes. */
  readonly patience?: number;
  /** Is told what was chosen, once the claims have it. */
  readonly chosen?: (pod: Pod, node: string, places: readonly Place[]) => void;
  /** Is told that another scheduler had chosen too, and was first. */
  readonly conflicted?: () => void;
}

/** Why a pod could not be bound; the scheduler puts it into the pod's events and tries again. */
export class BindError extends Error {
  override readonly name = "BindError";
}

/**
 * Binds pods, their volumes first, in steps that each can be the last:
 *
 * 1. **choose**: the best places on the node, among all that is known; what is chosen counts at once for whoever chooses next in this process.
 * 2. **hold**: every chosen volume gets a claimRef that no claim answers to. Nobody else takes it, and nothing is bound yet. A write that comes
 *    second is refused by its resourceVersion.
 * 3. **look again**: when the last of these writes has come back by the watch, all that was written before it has too: had another process
 *    chosen something that does not go with it, it shows, and the holds are given up.
 * 4. **name**: the claimRefs become the claims', as kube-scheduler writes them, and Kubernetes binds; where a volume is to be made, the claim gets
 *    its node.
 * 5. **bind**: with all claims bound, the pod.
 *
 * Whoever dies before 4 leaves holds, which the next try takes over, or the sweeper frees. After it the claims are bound, and the next try finds
 * them so.
 */
export class Binder {
  readonly #options: Required<Pick<BinderOptions, "echo" | "patience">> & BinderOptions;
  /** Claims of pods that are being bound. */
  readonly #busy = new Set<string>();
  readonly #known = new Map<string, Pod>();
  #listeners = new Set<() => void>();

  constructor(options: BinderOptions) {
    this.#options = { echo: 15_000, patience: 570_000, ...options };
  }

  /** A pod that may have to be bound soon. */
  remember(pod: Pod): void {
    this.#known.delete(pod.uid);
    this.#known.set(pod.uid, pod);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size > MOST_KNOWN) this.#known.delete(oldest);
  }

  isBusy(claim: string): boolean {
    return this.#busy.has(claim);
  }

  /** Something has changed in the inventory. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /**
   * @param signal given when nobody waits for the answer any more: then no further step is begun
   * @throws BindError, or what the API server refuses
   */
  async bind(binding: Binding, signal: AbortSignal): Promise<void> {
    const pod = this.#known.get(binding.uid) ?? (await this.#find(binding));
    const keys = pod.claims.map(({ claim }) => `${pod.namespace}/${claim}`);
    const busy = keys.find((key) => this.#busy.has(key));
    if (busy !== undefined) throw new BindError(`claim ${busy} is being bound for another pod`);
    for (const key of keys) this.#busy.add(key);
    try {
      const places = await this.#volumes(pod, binding.node, signal);
      signal.throwIfAborted();
      await this.#bindPod(binding);
      this.#known.delete(binding.uid);
      if (places.length > 0) this.#options.chosen?.(pod, binding.node, places);
    } finally {
      for (const key of keys) this.#busy.delete(key);
    }
  }

  async #find({ namespace, name, uid }: Binding): Promise<Pod> {
    const object = await this.#options.pods.find(name, namespace);
    if (object === undefined || object.metadata.uid !== uid) throw new BindError(`pod ${namespace}/${name} is not there any more`);
    return podOf(object);
  }

  /** Gives every claim of the pod a volume that can be used on the node. */
  async #volumes(pod: Pod, node: string, signal: AbortSignal): Promise<readonly Place[]> {
    const { inventory } = this.#options;
    const request = this.#prepare(pod);
    const decided = onNode(inventory, request, node);
    if (decided.kind === "refused") throw new BindError(`node ${node}: ${decided.why}`);
    const { places } = decided;
    const since = `${this.#options.clock.date().toISOString().slice(0, 19)}Z`;
    const reserved = places.map((place) => ({ place, reservation: reservationFor(place, pod, node, since) }));
    for (const { place, reservation } of reserved) assume(inventory, place, reservation);
    try {
      const held = await this.#hold(reserved, signal);
      try {
        await this.#echoes(held, signal);
        for (const { place } of reserved) forget(inventory, place);
        this.#lookAgain(pod, node, places);
        signal.throwIfAborted();
      } catch (error) {
        await this.#letGo(held);
        throw error;
      }
      await this.#untilBound(await this.#name(held, node), node, signal);
      return places;
    } finally {
      for (const { place } of reserved) forget(inventory, place);
    }
  }

  #prepare(pod: Pod): Request {
    const prepared = prepare(this.#options.inventory, pod);
    if (prepared.kind === "refused") throw new BindError(prepared.why);
    return prepared.request;
  }

  async #hold(
    reserved: readonly { readonly place: Place; readonly reservation: Reservation }[],
    signal: AbortSignal,
  ): Promise<readonly Held[]> {
    const held: Held[] = [];
    const failures: unknown[] = [];
    await Promise.all(
      reserved.map(async ({ place, reservation }) => {
        try {
          signal.throwIfAborted();
          held.push({ place, reservation, object: await this.#holdOne(place, reservation) });
        } catch (error) {
          failures.push(error);
        }
      }),
    );
    const [failure] = failures;
    if (failure === undefined) return held;
    await this.#letGo(held);
    throw statusOf(failure) === 409 ? new BindError("a chosen volume was taken meanwhile") : failure;
  }

  async #holdOne(place: Place, reservation: Reservation): Promise<KubernetesObject | undefined> {
    const { volumes, claims, inventory } = this.#options;
    const annotations = { [RESERVATION]: formatReservation(reservation) };
    if (place.kind === "make") {
      if (place.wanted.node !== undefined) return undefined;
      const { namespace, name, version } = place.wanted.claim;
      return await claims.merge(name, namespace, { metadata: { resourceVersion: version, annotations } });
    }
    const { volume, wanted } = place;
    // What was held for the claim before is not needed any more.
    for (const other of inventory.volumesFor(wanted.claim)) {
      if (other.name !== volume.name && other.holder.kind === "held" && other.holder.uid === wanted.claim.uid) await this.#free(other);
    }
    if (volume.holder.kind === "claim") return undefined;
    return await volumes.merge(volume.name, undefined, {
      metadata: { resourceVersion: volume.version, annotations },
      spec: { claimRef: refTo({ namespace: HELD, name: wanted.claim.uid }) },
    });
  }

  /** Waits until the watches have brought what was written: then they have brought all that was written before it. */
  async #echoes(held: readonly Held[], signal: AbortSignal): Promise<void> {
    const { inventory, echo } = this.#options;
    await this.#until(echo, signal, "what was written has not come back by the watch", () =>
      held.every(({ place, object }) => {
        if (object === undefined) return true;
        const version = object.metadata.resourceVersion ?? "";
        if (place.kind === "volume") return isAsNew(inventory.volume(place.volume.name)?.version, version);
        return isAsNew(inventory.claim(place.wanted.claim.key)?.version, version);
      }),
    );
  }

  /** Whether all that was chosen can still be so, now that everybody's choices are known. @throws BindError */
  #lookAgain(pod: Pod, node: string, places: readonly Place[]): void {
    const { inventory, conflicted } = this.#options;
    const request = this.#prepare(pod);
    const lost = (why: string): BindError => {
      conflicted?.();
      return new BindError(`another scheduler was first: ${why}`);
    };
    for (const place of places) {
      const wanted = request.wanted.find(({ claim }) => claim.key === place.wanted.claim.key);
      if (wanted === undefined) throw lost(`claim ${place.wanted.claim.name} has a volume`);
      if (place.kind === "make") continue;
      const volume = inventory.volume(place.volume.name);
      if (volume === undefined) throw new BindError(`volume ${place.volume.name} is gone`);
      const refusal = refusalOf(inventory, wanted, volume);
      if (refusal !== undefined) throw lost(`volume ${volume.name} can't be claim ${wanted.claim.name}'s any more (${refusal.kind})`);
    }
    // What is to be made must still find room: the search says so, and it finds the volumes that are held.
    const again = places.some(({ kind }) => kind === "make") ? onNode(inventory, request, node) : undefined;
    if (again?.kind === "refused") throw lost(again.why);
  }

  /** Makes the holds the claims' own. */
  #name(held: readonly Held[], node: string): Promise<readonly Named[]> {
    const { volumes, claims } = this.#options;
    return Promise.all(
      held.map(async ({ place, object, reservation }) => {
        const { claim } = place.wanted;
        const annotation = { [RESERVATION]: formatReservation(reservation) };
        if (place.kind === "make") {
          if (place.wanted.node !== undefined) return { place, version: claim.version };
          const annotations = { ...annotation, [KUBERNETES.selectedNode]: node };
          const written = await claims.merge(claim.name, claim.namespace, { metadata: { uid: claim.uid, annotations } });
          return { place, version: written.metadata.resourceVersion ?? "" };
        }
        const { holder, name, version } = place.volume;
        if (holder.kind === "claim" && holder.uid !== undefined) return { place, version };
        const resourceVersion = object?.metadata.resourceVersion ?? version;
        const written = await volumes.merge(name, undefined, {
          metadata: { resourceVersion, annotations: { ...annotation, [KUBERNETES.boundByController]: "yes" } },
          spec: { claimRef: refTo(claim) },
        });
        return { place, version: written.metadata.resourceVersion ?? "" };
      }),
    );
  }

  async #untilBound(named: readonly Named[], node: string, signal: AbortSignal): Promise<void> {
    await this.#until(this.#options.patience, signal, "its claims are not bound yet", () =>
      named.every((each) => this.#isBound(each, node)),
    );
  }

  /** @throws BindError for what will not be bound any more */
  #isBound({ place, version }: Named, node: string): boolean {
    const { inventory } = this.#options;
    const { key, name, uid } = place.wanted.claim;
    const claim = inventory.claim(key);
    if (claim === undefined || claim.uid !== uid) throw new BindError(`claim ${name} is gone`);
    if (claim.bound) return inventory.volume(claim.volume ?? "") !== undefined;
    if (place.kind === "make") {
      // external-provisioner takes the node off a claim that it can make no volume for there.
      if (isAsNew(claim.version, version) && claim.selectedNode !== node)
        throw new BindError(`no volume could be made for claim ${name} on ${node}: its events say why`);
      return false;
    }
    const volume = inventory.volume(place.volume.name);
    const holder = volume?.holder;
    if (holder === undefined || (isAsNew(volume?.version, version) && (holder.kind !== "claim" || holder.uid !== uid)))
      throw new BindError(`volume ${place.volume.name} was taken from claim ${name}`);
    return false;
  }

  /** Waits for changes of the inventory until something holds. @throws BindError when it takes too long */
  async #until(milliseconds: number, signal: AbortSignal, late: string, holds: () => boolean): Promise<void> {
    const { clock } = this.#options;
    const end = clock.monotonic() + milliseconds;
    for (;;) {
      signal.throwIfAborted();
      const changed = new AbortController();
      const listener = (): void => changed.abort();
      this.#listeners.add(listener);
      signal.addEventListener("abort", listener, { once: true });
      try {
        if (holds()) return;
        const left = end - clock.monotonic();
        if (left <= 0) throw new BindError(late);
        await clock.sleep(left, changed.signal);
      } finally {
        this.#listeners.delete(listener);
        signal.removeEventListener("abort", listener);
      }
    }
  }

  /** Gives up holds, as far as nobody has changed them since. */
  async #letGo(held: readonly Held[]): Promise<void> {
    const { log, claims } = this.#options;
    await Promise.all(
      held.map(async ({ place, object }) => {
        if (object === undefined) return;
        try {
          if (place.kind === "volume") await this.#free(volumeOf(object));
          else await dropReservation(claims, claimOf(object));
        } catch (error) {
          log.warn("a hold could not be given up; it will be freed later", { object: object.metadata.name, error });
        }
      }),
    );
  }

  async #free(volume: Volume): Promise<void> {
    await freeVolume(this.#options.volumes, volume);
  }

  async #bindPod({ namespace, name, uid, node }: Binding): Promise<void> {
    const { api, pods } = this.#options;
    try {
      await api.call({
        method: "POST",
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/binding`,
        body: {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { namespace, name, uid },
          target: { apiVersion: "v1", kind: "Node", name: node },
        },
      });
    } catch (error) {
      // Without an answer, or with a late one, it may have been done.
      const found = await pods.find(name, namespace);
      const spec = found?.metadata.uid === uid ? found["spec"] : undefined;
      const there = typeof spec === "object" && spec !== null && "nodeName" in spec ? spec["nodeName"] : undefined;
      if (there !== node) throw error;
    }
  }
}

const MOST_KNOWN = 2000;

interface Held {
  readonly place: Place;
  readonly reservation: Reservation;
  /** As it was written; `undefined` where nothing had to be. */
  readonly object: KubernetesObject | undefined;
}

interface Named {
  readonly place: Place;
  /** Since when the API server has it so. */
  readonly version: string;
}

/** Takes a hold off a volume. Thrown with status 409 where it is not as it was any more. */
export async function freeVolume(volumes: Resource<KubernetesObject>, { name, version }: Volume): Promise<void> {
  await volumes.merge(name, undefined, {
    metadata: { resourceVersion: version, annotations: { [RESERVATION]: null } },
    spec: { claimRef: null },
  });
}

/** Takes a reservation off a claim whose volume was to be made. */
export async function dropReservation(claims: Resource<KubernetesObject>, { name, namespace, version }: Claim): Promise<void> {
  await claims.merge(name, namespace, { metadata: { resourceVersion: version, annotations: { [RESERVATION]: null } } });
}

function reservationFor(place: Place, pod: Pod, node: string, since: string): Reservation {
  const { claim, rules } = place.wanted;
  return {
    claim: { namespace: claim.namespace, name: claim.name, uid: claim.uid },
    pod: `${pod.namespace}/${pod.name}`,
    node,
    since,
    labels: claim.labels,
    rules: { required: rules.required, preferred: rules.preferred, scope: rules.scope },
    ...(place.kind === "make" && { provision: { bytes: claim.bytes, ...(place.group !== undefined && { group: place.group }) } }),
  };
}

function assume(inventory: Inventory, place: Place, reservation: Reservation): void {
  if (place.kind === "volume") inventory.assumeVolume(place.volume.name, reservation);
  else inventory.assumeClaim(place.wanted.claim.key, reservation);
}

function forget(inventory: Inventory, place: Place): void {
  if (place.kind === "volume") inventory.forgetVolume(place.volume.name);
  else inventory.forgetClaim(place.wanted.claim.key);
}

/** A claimRef: merged over one that may hold more. */
function refTo({ namespace, name, uid }: { readonly namespace: string; readonly name: string; readonly uid?: string }): JsonObject {
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid: uid ?? null, resourceVersion: null, fieldPath: null };
}

/** Whether a version is another one or a later one: they are numbers that rise in every object store of Kubernetes (KEP-5504). */
function isAsNew(version: string | undefined, wanted: string): boolean {
  if (version === undefined) return false;
  return version === wanted || (version.length === wanted.length ? version > wanted : version.length > wanted.length);
}
