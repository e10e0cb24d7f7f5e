import { objectAt, textAt } from "../../kubernetes/index.ts";
import type { Texts } from "../csi/index.ts";
import { Resource, statusOf, type Api, type KubernetesObject, type ResourceType } from "../runtime/index.ts";

/** What the driver asks the cluster: always for one object by its name, so that thousands of nodes may ask. */
export interface ClusterView {
  /** Whether there is a PersistentVolume of the name. */
  hasVolume(name: string): Promise<boolean>;
  /** The uid of a claim; `undefined` where there is none. */
  claim(namespace: string, name: string): Promise<string | undefined>;
  hasPod(namespace: string, name: string): Promise<boolean>;
  /** The VolumeAttributesClass that a PersistentVolume names, with its parameters. */
  attributesClass(volume: string): Promise<{ readonly name: string; readonly parameters: Texts } | undefined>;
}

const VOLUMES: ResourceType = { group: "", version: "v1", plural: "persistentvolumes", kind: "PersistentVolume", namespaced: false };
const CLAIMS: ResourceType = {
  group: "",
  version: "v1",
  plural: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  namespaced: true,
};
const PODS: ResourceType = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const CLASSES = ["v1", "v1beta1"].map((version): ResourceType => ({
  group: "storage.k8s.io",
  version,
  plural: "volumeattributesclasses",
  kind: "VolumeAttributesClass",
  namespaced: false,
}));

export class Cluster implements ClusterView {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async hasVolume(name: string): Promise<boolean> {
    return (await this.#find(VOLUMES, name)) !== undefined;
  }

  async claim(namespace: string, name: string): Promise<string | undefined> {
    return (await this.#find(CLAIMS, name, namespace))?.metadata.uid;
  }

  async hasPod(namespace: string, name: string): Promise<boolean> {
    return (await this.#find(PODS, name, namespace)) !== undefined;
  }

  async attributesClass(volume: string): Promise<{ readonly name: string; readonly parameters: Texts } | undefined> {
    const name = textAt((await this.#find(VOLUMES, volume)) ?? {}, "spec", "volumeAttributesClassName");
    if (name === undefined || name === "") return undefined;
    for (const type of CLASSES) {
      const found = await this.#find(type, name);
      if (found === undefined) continue;
      const parameters = Object.entries(objectAt(found, "parameters") ?? {}).flatMap(([key, value]) =>
        typeof value === "string" ? [[key, value] as const] : [],
      );
      return { name, parameters: Object.fromEntries(parameters) };
    }
    return undefined;
  }

  async #find(type: ResourceType, name: string, namespace?: string): Promise<KubernetesObject | undefined> {
    try {
      return await new Resource<KubernetesObject>(this.#api, type).find(name, namespace);
    } catch (error) {
      // A name that can't be one of an object's, such as one that is given for trying out.
      if (statusOf(error) === 400) return undefined;
      throw error;
    }
  }
}
