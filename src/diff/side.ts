import type { Release } from "../addon/index.ts";
import { PyDict } from "../python/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import { type Json } from "../json/index.ts";
import { toJson } from "./json.ts";
import { maskObject } from "./mask.ts";
import type { Shown } from "./compare.ts";
import type { ObjectRef } from "./model.ts";

/** An object of one side, read when it is first asked for. */
export interface SideObject {
  readonly ref: ObjectRef;
  /** Equal for what the API server takes for one object: its version does not count. */
  readonly identity: string;
  /** Of the object's canonical text: equal exactly where that is. */
  readonly digest: string;
  readonly sls: string;
  readonly source: string | null;
  readonly value: Shown;
  /** The object's canonical text. */
  readonly text: string;
}

export interface FailureReason {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
}

export type SideAddon =
  | {
      readonly state: "complete";
      readonly name: string;
      readonly mode: string;
      readonly dependsOn: readonly string[];
      readonly objects: readonly SideObject[];
    }
  | { readonly state: "failed"; readonly name: string; readonly why: readonly FailureReason[] };

/** A cluster as one side has it. */
export type SideCluster = {
  readonly id: string;
  readonly az: string;
  readonly kubernetes: string;
} & (
  | { readonly state: "compiled"; readonly addons: readonly SideAddon[] }
  | { readonly state: "failed"; readonly why: readonly FailureReason[] }
);

/** Makes sides of releases; what several releases have in common becomes one object. */
export class Sides {
  readonly #addons = new WeakMap<object, SideAddon>();

  /** A release that was compiled. */
  ofRelease(release: Release): SideCluster {
    if (release.state === "failed") return { ...release.cluster, state: "failed", why: release.why };
    return { ...release.cluster, state: "compiled", addons: release.addons.map((addon) => this.#addon(addon)) };
  }

  #addon(addon: Extract<Release, { state: "compiled" }>["addons"][number]): SideAddon {
    let side = this.#addons.get(addon);
    if (side === undefined) {
      side = addon.state === "failed" ? { state: "failed", name: addon.name, why: addon.why } : completeAddon(addon);
      this.#addons.set(addon, side);
    }
    return side;
  }
}

type CompleteAddon = Extract<Extract<Release, { state: "compiled" }>["addons"][number], { state: "complete" }>;

function completeAddon({ name, mode, dependsOn, files, objects }: CompleteAddon): SideAddon {
  const texts = new Map(files.map(({ path, text }) => [path, documentsOf(text)]));
  const next = new Map<string, number>();
  return {
    state: "complete",
    name,
    mode,
    dependsOn,
    objects: objects.map(({ file, digest, sls, source, ...object }) => {
      const number = next.get(file) ?? 0;
      next.set(file, number + 1);
      const { apiVersion, kind, namespace } = object;
      const ref = { addon: name, file, apiVersion, kind, namespace, name: object.name, mode: object.mode };
      return sideObject(ref, digest, sls, source, texts.get(file)?.[number] ?? "");
    }),
  };
}

/** The documents of a canonical text: no line of a value in it begins with `---`. */
export function documentsOf(text: string): readonly string[] {
  return text.split(/^---\n/m);
}

export function sideObject(ref: ObjectRef, digest: string, sls: string, source: string | null, text: string): SideObject {
  let value: Shown | undefined;
  const group = ref.apiVersion.includes("/") ? ref.apiVersion.slice(0, ref.apiVersion.indexOf("/")) : "";
  return {
    ref,
    identity: `${group}/${ref.kind} ${ref.namespace ?? ""}/${ref.name}`,
    digest,
    sls,
    source,
    text,
    get value() {
      return (value ??= shownObject(text));
    },
  };
}

function shownObject(text: string): Shown {
  const [document] = loadKubernetes(text, { file: "" });
  const raw: Json = toJson(document?.value ?? new PyDict());
  return { raw, shown: maskObject(raw) };
}
