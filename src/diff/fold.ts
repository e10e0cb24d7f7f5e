import { createHash } from "node:crypto";
import { rank } from "./danger/index.ts";
import type { AddonChange, ClusterChange, FleetDiff, FoldedChange, FoldedFailure, SideName } from "./fleet-diff.ts";
import { jsonText } from "./json.ts";
import type { ObjectRef } from "./model.ts";
import { digestNames, Describer, type DescribedChange, type DiffApi, type DigestNames } from "./object-change.ts";
import { pairObjects, type ObjectPair } from "./pair.ts";
import type { FailureReason, SideAddon, SideCluster, SideObject } from "./side.ts";

/** One cluster on both sides; absent: the side does not have it. */
export interface ClusterPair {
  readonly before: SideCluster | undefined;
  readonly after: SideCluster | undefined;
}

interface OpenChange {
  readonly key: string;
  readonly described: DescribedChange;
  readonly clusters: string[];
}

/** Compares clusters one after the other and shows the same change of several once. */
export class FleetComparison {
  readonly #apiOf: (cluster: SideCluster, other: SideCluster | undefined) => DiffApi;
  readonly #describers = new WeakMap<DiffApi, Describer>();
  readonly #known = new WeakMap<DiffApi, Map<string, OpenChange>>();
  readonly #changes = new Map<string, OpenChange>();
  readonly #failures = new Map<string, FoldedFailure & { readonly clusters: string[] }>();
  readonly #addonChanges = new Map<string, AddonChange & { readonly clusters: string[] }>();
  readonly #clusterChanges: ClusterChange[] = [];
  readonly #changed = new Set<string>();
  /** Which clusters have an object, by what it is called; of objects that change somewhere. */
  readonly #having = new Map<string, Set<string>>();
  readonly #pairs: (readonly [string, ClusterPair])[] = [];
  readonly #names: (readonly [string, readonly (readonly [string, string, string | null, string])[]])[] = [];
  #total = 0;
  #untouched = 0;

  /** `apiOf` gives one object for the same API. */
  constructor(apiOf: (cluster: SideCluster, other: SideCluster | undefined) => DiffApi) {
    this.#apiOf = apiOf;
  }

  /** A cluster in which nothing can differ; `objects`: group, kind, namespace and name of all that it has. */
  untouched(id: string, objects: readonly (readonly [string, string, string | null, string])[]): void {
    this.#total++;
    this.#untouched++;
    this.#names.push([id, objects]);
  }

  add(id: string, pair: ClusterPair): void {
    const { before, after } = pair;
    this.#total++;
    this.#pairs.push([id, pair]);
    this.#cluster(id, pair);
    if (before?.state === "failed") this.#failure(id, "base", null, before.why, countObjects(after));
    if (after?.state === "failed") this.#failure(id, "head", null, after.why, countObjects(before));
    if (before?.state === "failed" || after?.state === "failed") return;
    const [was, is] = [this.#compared(id, before, after, "base"), this.#compared(id, after, before, "head")];
    this.#addons(id, before, after);
    const cluster = after ?? before;
    if (cluster === undefined) return;
    const api = this.#apiOf(cluster, before);
    const pairs = pairObjects(was, is);
    const names = digestNames(pairs);
    for (const each of pairs) this.#change(id, each, api, names);
  }

  /** The objects of one side that can be compared: of addons that did not fail on the other. */
  #compared(id: string, side: SideCluster | undefined, other: SideCluster | undefined, name: "base" | "head"): SideObject[] {
    if (side?.state !== "compiled") return [];
    const failed = failedAddons(other);
    return side.addons.flatMap((addon) => {
      if (addon.state === "failed") {
        const lost = completeAddon(other, addon.name)?.objects.length ?? 0;
        this.#failure(id, name, addon.name, addon.why, lost);
        return [];
      }
      return failed.has(addon.name) ? [] : addon.objects;
    });
  }

  #cluster(id: string, { before, after }: ClusterPair): void {
    const [was, is] = [factsOf(before), factsOf(after)];
    if (jsonText(was) === jsonText(is)) return;
    const change = was === null ? "added" : is === null ? "removed" : "changed";
    this.#clusterChanges.push({ cluster: id, change, before: was, after: is, objects: countObjects(after ?? before) });
    this.#changed.add(id);
  }

  #failure(id: string, side: "base" | "head", addon: string | null, why: readonly FailureReason[], objects: number): void {
    const key = jsonText([side, addon, why]);
    const known = this.#failures.get(key);
    const clusters = known?.clusters ?? [];
    clusters.push(id);
    this.#failures.set(key, { side, addon, why, clusters, objects: (known?.objects ?? 0) + objects });
    this.#changed.add(id);
  }

  #addons(id: string, before: SideCluster | undefined, after: SideCluster | undefined): void {
    if (after?.state !== "compiled") return;
    for (const addon of after.addons) {
      const was = completeAddon(before, addon.name);
      if (addon.state === "failed" || was === undefined) continue;
      for (const field of ["mode", "dependsOn"] as const) {
        const change = { addon: addon.name, field, before: was[field], after: addon[field] };
        if (jsonText(change.before) === jsonText(change.after)) continue;
        const key = jsonText(change);
        const known = this.#addonChanges.get(key) ?? { ...change, clusters: [] };
        known.clusters.push(id);
        this.#addonChanges.set(key, known);
        this.#changed.add(id);
      }
    }
  }

  #change(id: string, pair: ObjectPair, api: DiffApi, names: DigestNames): void {
    const open = this.#open(pair, api, names);
    if (open.described.change.change !== "added" && open.described.change.change !== "removed") {
      const { change, fields } = open.described.change;
      // The text differs in the order of keys alone.
      if (change === "changed" && fields.length === 0) return;
    }
    open.clusters.push(id);
    if (!open.described.quiet) this.#changed.add(id);
  }

  /** Most clusters have the change that another one had: what it is, is found out once. */
  #open(pair: ObjectPair, api: DiffApi, names: DigestNames): OpenChange {
    let known = this.#known.get(api);
    if (known === undefined) this.#known.set(api, (known = new Map()));
    const text = pairText(pair, names);
    let open = known.get(text);
    if (open === undefined) {
      let describer = this.#describers.get(api);
      if (describer === undefined) this.#describers.set(api, (describer = new Describer(api)));
      const described = describer.describe(pair, names);
      const key = jsonText([described.change, described.dangers, described.rollout ?? null], { sorted: true });
      open = this.#changes.get(key) ?? { key, described, clusters: [] };
      this.#changes.set(key, open);
      known.set(text, open);
    }
    return open;
  }

  result(base: SideName, head: SideName): FleetDiff {
    this.#findHaving();
    const changes = [...this.#changes.values()].filter(({ clusters }) => clusters.length > 0).map((open) => this.#folded(open));
    return {
      base,
      head,
      clusters: { total: this.#total, changed: [...this.#changed].toSorted(), untouched: this.#untouched },
      failures: sortedBy([...this.#failures.values()].map(withSorted), ({ side, addon, why }) =>
        jsonText([side === "head" ? 0 : 1, addon ?? "", why]),
      ),
      clusterChanges: sortedBy(this.#clusterChanges, ({ change, cluster }) =>
        jsonText([["removed", "changed", "added"].indexOf(change), cluster]),
      ),
      addonChanges: sortedBy([...this.#addonChanges.values()].map(withSorted), (change) =>
        jsonText([change.addon, change.field, change.before]),
      ),
      changes: changes.toSorted(compareChanges),
    };
  }

  #folded({ key, described, clusters }: OpenChange): FoldedChange {
    const { change, dangers, rollout, quiet, sls, source } = described;
    const own = new Set(clusters);
    const refs = change.change === "added" ? [change.after] : change.change === "removed" ? [change.before] : [change.before, change.after];
    const having = new Set(refs.flatMap((ref) => [...(this.#having.get(objectText(ref)) ?? [])]));
    return {
      id: createHash("sha256").update(key).digest("hex").slice(0, 12),
      change,
      dangers,
      rollout: rollout ?? null,
      quiet,
      clusters: [...own].toSorted(),
      notIn: [...having].filter((id) => !own.has(id)).toSorted(),
      sls,
      source,
      causes: [],
    };
  }

  #findHaving(): void {
    const wanted = new Set<string>();
    for (const { described } of this.#changes.values()) {
      const { change } = described;
      for (const ref of "before" in change ? [change.before] : []) wanted.add(objectText(ref));
      for (const ref of "after" in change ? [change.after] : []) wanted.add(objectText(ref));
    }
    const note = (text: string, id: string): void => {
      let having = this.#having.get(text);
      if (having === undefined) this.#having.set(text, (having = new Set()));
      having.add(id);
    };
    if (wanted.size === 0) return;
    for (const [id, objects] of this.#names)
      for (const object of objects) {
        const text = jsonText(object);
        if (wanted.has(text)) note(text, id);
      }
    const texts = new WeakMap<SideAddon, readonly string[]>();
    for (const [id, { before, after }] of this.#pairs) {
      for (const side of [before, after]) {
        for (const addon of side?.state === "compiled" ? side.addons : []) {
          if (addon.state === "failed") continue;
          let own = texts.get(addon);
          if (own === undefined)
            texts.set(addon, (own = addon.objects.map(({ ref }) => objectText(ref)).filter((text) => wanted.has(text))));
          for (const text of own) note(text, id);
        }
      }
    }
  }
}

/** Which pair it is, by all that a description of it hangs on. */
function pairText(pair: ObjectPair, names: DigestNames): string {
  const sides = [...("before" in pair ? [sideText(pair.before)] : [null]), ...("after" in pair ? [sideText(pair.after)] : [null])];
  return jsonText([pair.kind, pair.kind === "renamed" ? pair.by : "", sides, [...names]]);
}

function objectText({ apiVersion, kind, namespace, name }: ObjectRef): string {
  return jsonText([apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "", kind, namespace, name]);
}

function failedAddons(side: SideCluster | undefined): ReadonlySet<string> {
  const addons = side?.state === "compiled" ? side.addons : [];
  return new Set(addons.flatMap((addon) => (addon.state === "failed" ? [addon.name] : [])));
}

function completeAddon(side: SideCluster | undefined, name: string): Extract<SideAddon, { state: "complete" }> | undefined {
  const addon = side?.state === "compiled" ? side.addons.find((each) => each.name === name) : undefined;
  return addon?.state === "complete" ? addon : undefined;
}

function countObjects(side: SideCluster | undefined): number {
  if (side?.state !== "compiled") return 0;
  return side.addons.reduce((sum, addon) => sum + (addon.state === "complete" ? addon.objects.length : 0), 0);
}

function withSorted<T extends { readonly clusters: readonly string[] }>(entry: T): T {
  return { ...entry, clusters: entry.clusters.toSorted() };
}

function sortedBy<T>(list: readonly T[], key: (item: T) => string): T[] {
  return list.toSorted((a, b) => compareTexts(key(a), key(b)));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The object that a change is about, as it is called afterwards. */
export function refOf(change: FoldedChange["change"]): ObjectRef {
  return change.change === "removed" ? change.before : change.after;
}

function compareChanges(a: FoldedChange, b: FoldedChange): number {
  return (
    Number(a.quiet) - Number(b.quiet) ||
    worstOf(a) - worstOf(b) ||
    Number(a.change.change !== "removed") - Number(b.change.change !== "removed") ||
    b.clusters.length - a.clusters.length ||
    compareTexts(orderText(a), orderText(b))
  );
}

function worstOf({ dangers }: FoldedChange): number {
  return dangers[0] === undefined ? rank("low") + 1 : rank(dangers[0].level);
}

function orderText({ change, id }: FoldedChange): string {
  const { addon, kind, namespace, name } = refOf(change);
  return jsonText([addon, kind, namespace ?? "", name, id]);
}

function factsOf(side: SideCluster | undefined): ClusterChange["before"] {
  return side === undefined ? null : { az: side.az, kubernetes: side.kubernetes };
}

function sideText({ digest, ref, sls, source }: SideObject): readonly unknown[] {
  return [digest, ref.addon, ref.file, ref.mode, ref.name, sls, source];
}
