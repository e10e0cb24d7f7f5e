import type { KubernetesObject } from "../../kubernetes/index.ts";
import { Informer, keyOf, Resource, type Api, type Clock, type Log, type Page, type Random, type Selection } from "../runtime/index.ts";
import { COMPUTE_NODES, type ComputeNode } from "../storage-api/index.ts";
import type { ResourceType } from "../runtime/index.ts";
import type { Inventory } from "./inventory.ts";
import { capacityOf, classOf, claimOf, nodeOf, volumeOf, type Claim, type Volume } from "./objects.ts";

const core = (plural: string, kind: string, namespaced: boolean): ResourceType => ({ group: "", version: "v1", plural, kind, namespaced });
const storage = (plural: string, kind: string, namespaced: boolean): ResourceType => ({
  group: "storage.k8s.io",
  version: "v1",
  plural,
  kind,
  namespaced,
});

export const VOLUMES = core("persistentvolumes", "PersistentVolume", false);
export const CLAIMS = core("persistentvolumeclaims", "PersistentVolumeClaim", true);
export const PODS = core("pods", "Pod", true);
const NODES = core("nodes", "Node", false);
const CLASSES = storage("storageclasses", "StorageClass", false);
const DRIVERS = storage("csidrivers", "CSIDriver", false);
const CAPACITIES = storage("csistoragecapacities", "CSIStorageCapacity", true);

export interface WatchOptions {
  readonly api: Api;
  readonly inventory: Inventory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly count: (resource: string, what: "list" | "watch" | "gone" | "failed") => void;
  readonly onVolume: (volume: Volume | undefined, name: string) => void;
  readonly onClaim: (claim: Claim | undefined, key: string) => void;
  /** After each change. */
  readonly changed: () => void;
}

/** Objects without what makes up half of them and nobody reads: a large cluster has a hundred thousand volumes. */
class Slim<T extends KubernetesObject> extends Resource<T> {
  override async page(selection: Selection, limit: number, from?: string, signal?: AbortSignal): Promise<Page<T>> {
    const page = await super.page(selection, limit, from, signal);
    return { ...page, items: page.items.map((each) => slim(each)) };
  }

  override parse(value: unknown): T {
    return slim(super.parse(value));
  }
}

function slim<T extends KubernetesObject>(object: T): T {
  const { managedFields: _fields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Follows all that decisions hang on, and keeps the inventory as the API server has it. */
export class ClusterWatch {
  readonly #options: WatchOptions;
  readonly #informers: Informer<KubernetesObject>[] = [];
  readonly #computeNodes: Informer<ComputeNode>;
  #noComputeNodes = false;
  #saidSo = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { inventory, onVolume, onClaim, changed } = options;
    this.#follow(
      NODES,
      (object) => inventory.putNode(nodeOf(object)),
      (object) => inventory.dropNode(object.metadata.name),
    );
    this.#follow(
      CLASSES,
      (object) => inventory.putClass(classOf(object)),
      (object) => inventory.dropClass(object.metadata.name),
    );
    this.#follow(
      DRIVERS,
      (object) => inventory.putDriver(object.metadata.name, tellsCapacity(object)),
      (object) => inventory.putDriver(object.metadata.name, false),
    );
    this.#follow(
      CAPACITIES,
      (object) => {
        const capacity = capacityOf(object);
        if (capacity === undefined) inventory.dropCapacity(keyOf(object));
        else inventory.putCapacity(capacity);
      },
      (object) => inventory.dropCapacity(keyOf(object)),
    );
    this.#follow(
      CLAIMS,
      (object) => {
        const claim = claimOf(object);
        inventory.putClaim(claim);
        onClaim(claim, claim.key);
      },
      (object) => {
        inventory.dropClaim(keyOf(object));
        onClaim(undefined, keyOf(object));
      },
    );
    this.#follow(
      VOLUMES,
      (object) => {
        const volume = volumeOf(object);
        inventory.putVolume(volume);
        onVolume(volume, volume.name);
      },
      (object) => {
        inventory.dropVolume(object.metadata.name);
        onVolume(undefined, object.metadata.name);
      },
    );
    this.#computeNodes = this.#informer(COMPUTE_NODES);
    this.#computeNodes.on(({ type, object }) => {
      if (type === "deleted") inventory.dropComputeNode(object.metadata.name);
      else if (type !== "resync") inventory.putComputeNode(object);
      changed();
    });
  }

  /** What is not known yet; `undefined` once decisions can be made. */
  get missing(): string | undefined {
    const unsynced = this.#informers.filter(({ synced }) => !synced).length;
    // Where no storage-node has brought their definition there are none to wait for.
    const computeNodes = this.#computeNodes.synced || this.#noComputeNodes ? 0 : 1;
    return unsynced + computeNodes === 0 ? undefined : `${unsynced + computeNodes} kinds of objects are not listed yet`;
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers, this.#computeNodes].map((informer) => informer.run(signal)));
  }

  #follow(type: ResourceType, put: (object: KubernetesObject) => void, drop: (object: KubernetesObject) => void): void {
    const informer = this.#informer<KubernetesObject>(type);
    informer.on((change) => {
      if (change.type === "resync") return;
      if (change.type === "deleted") drop(change.object);
      else put(change.object);
      this.#options.changed();
    });
    this.#informers.push(informer);
  }

  /** Where there are none each try fails; once is often enough to say so. */
  #quiet(log: Log): Log {
    return {
      debug: (message, fields) => log.debug(message, fields),
      info: (message, fields) => log.info(message, fields),
      error: (message, fields) => log.error(message, fields),
      with: (fields) => log.with(fields),
      warn: (message, fields) => {
        if (!this.#saidSo) log.warn(message, fields);
        this.#saidSo = true;
      },
    };
  }

  #informer<T extends KubernetesObject>(type: ResourceType): Informer<T> {
    const { api, clock, random, log, count } = this.#options;
    return new Informer<T>({
      resource: new Slim<T>(api, type),
      resync: 0,
      clock,
      random,
      log: type === COMPUTE_NODES ? this.#quiet(log) : log,
      count: (what) => {
        if (type === COMPUTE_NODES && what === "failed") this.#noComputeNodes = true;
        count(type.plural, what);
      },
    });
  }
}

function tellsCapacity(object: KubernetesObject): boolean {
  const spec = object["spec"];
  return typeof spec === "object" && spec !== null && "storageCapacity" in spec && spec["storageCapacity"] === true;
}
