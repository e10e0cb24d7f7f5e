import { ApiError, listAt, textAt, type ApiClient, type Json, type KubernetesObject } from "../kubernetes/index.ts";
import { driversOf, healthOf, registrarNodes, type Health, type HealthContext } from "./health.ts";
import { groupKind, refOf, type ObjectKey } from "./types.ts";

/** The health of objects of one cluster, with what they hang on: read only where an object asks for it. */
export class AddonHealth {
  readonly #client: ApiClient;
  readonly #live: ReadonlyMap<ObjectKey, KubernetesObject>;
  readonly #storageClasses = new Map<string, Promise<string | undefined>>();
  #csiNodes: Promise<readonly Json[]> | undefined;

  constructor(client: ApiClient, live: ReadonlyMap<ObjectKey, KubernetesObject>) {
    this.#client = client;
    this.#live = live;
  }

  /** What was read is read again when it is asked for next. */
  async refresh(): Promise<void> {
    this.#csiNodes = undefined;
    this.#storageClasses.clear();
  }

  /** @param siblings the objects of the same addon */
  async of(object: KubernetesObject, rules: KubernetesObject, siblings: readonly ObjectKey[]): Promise<Health> {
    return healthOf(object, await this.#context(object, siblings), rules);
  }

  async #context(object: KubernetesObject, siblings: readonly ObjectKey[]): Promise<HealthContext> {
    const kind = groupKind(refOf(object));
    if (kind === "PersistentVolumeClaim") {
      const name = textAt(object, "spec", "storageClassName");
      if (name === undefined || textAt(object, "status", "phase") === "Bound") return {};
      const mode = await this.#bindingMode(name);
      return { waitsForConsumer: () => (mode === undefined ? undefined : mode === "WaitForFirstConsumer") };
    }
    if (kind === "CSIDriver.storage.k8s.io") {
      const wanted = siblings.flatMap((key) => {
        const sibling = this.#live.get(key);
        return sibling === undefined || sibling.kind !== "DaemonSet" ? [] : (registrarNodes(sibling, object.metadata.name) ?? []);
      });
      if (wanted.length === 0) return {};
      const nodes = (await this.#nodes()).filter((node) => driversOf(node).includes(object.metadata.name)).length;
      return { registered: () => ({ nodes, wanted: wanted.reduce((sum, each) => sum + each, 0) }) };
    }
    return {};
  }

  async #bindingMode(name: string): Promise<string | undefined> {
    let asked = this.#storageClasses.get(name);
    if (asked === undefined) {
      asked = this.#read(`/apis/storage.k8s.io/v1/storageclasses/${encodeURIComponent(name)}`).then((found) =>
        textAt(found ?? null, "volumeBindingMode"),
      );
      this.#storageClasses.set(name, asked);
    }
    return await asked;
  }

  async #nodes(): Promise<readonly Json[]> {
    this.#csiNodes ??= this.#read("/apis/storage.k8s.io/v1/csinodes").then((found) => listAt(found ?? null, "items"));
    return await this.#csiNodes;
  }

  async #read(path: string): Promise<Json | undefined> {
    try {
      return await this.#client.find({ method: "GET", path });
    } catch (error) {
      // Without the right to read it, health says what it can.
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }
}
