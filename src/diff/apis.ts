import { PyDict } from "../python/index.ts";
import type { ClusterSchema, KubernetesSchemas } from "../schema/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import type { DiffApi } from "./object-change.ts";
import type { SideCluster, SideObject } from "./side.ts";

/** The APIs that clusters are compared by: of their Kubernetes version, with the custom resources that either side brings. */
export class Apis {
  readonly #schemas: KubernetesSchemas;
  readonly #known: readonly PyDict[];
  readonly #made = new Map<string, ClusterSchema>();
  readonly #definitions = new Map<string, readonly PyDict[]>();

  /** `known`: CustomResourceDefinitions that clusters have without any addon bringing them. */
  constructor(schemas: KubernetesSchemas, known: readonly PyDict[]) {
    this.#schemas = schemas;
    this.#known = known;
  }

  /** One object for the same API. */
  of(cluster: SideCluster, other: SideCluster | undefined): DiffApi {
    // The side that is named first wins where both bring a definition.
    const definitions = [...(other === undefined ? [] : definitionsIn(other)), ...definitionsIn(cluster)];
    const version = this.#schemas.versions.includes(cluster.kubernetes) ? cluster.kubernetes : (this.#schemas.versions.at(-1) ?? "");
    const key = [version, ...definitions.map(({ digest }) => digest)].join(" ");
    let api = this.#made.get(key);
    if (api === undefined) {
      const custom = [...this.#known, ...definitions.flatMap((definition) => this.#read(definition))];
      this.#made.set(key, (api = this.#schemas.forVersion(version).withCustomResources(custom)));
    }
    return api;
  }

  #read({ digest, text }: SideObject): readonly PyDict[] {
    let read = this.#definitions.get(digest);
    if (read === undefined) {
      read = loadKubernetes(text, { file: "" }).flatMap(({ value }) => (value instanceof PyDict ? [value] : []));
      this.#definitions.set(digest, read);
    }
    return read;
  }
}

function definitionsIn(side: SideCluster): readonly SideObject[] {
  if (side.state === "failed") return [];
  return side.addons.flatMap((addon) =>
    addon.state === "failed" ? [] : addon.objects.filter(({ ref }) => ref.kind === "CustomResourceDefinition"),
  );
}
